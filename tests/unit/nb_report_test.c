/* The report: what it says about which records, and the files it leaves. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "nb/report.h"
#include "nb_capture.h"
#include "nb_report.h"

static capture shown;
static char out[64], text[400000];

static int setup(void **state)
{
    (void)state;
    capture_begin(&shown);
    strcpy(out, "/tmp/nb-report-XXXXXX");
    if (!mkdtemp(out))
        return -1;
    setenv("XTINYCC_OUT", out, 1);
    snprintf(text, sizeof text, "%s/records", out);
    return mkdir(text, 0777);
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    capture_end(&shown);
    unsetenv("XTINYCC_OUT");
    snprintf(command, sizeof command, "rm -r %s", out);
    return system(command);
}

static const char *path(const char *name)
{
    static char full[512];
    snprintf(full, sizeof full, "%s/%s", out, name);
    return full;
}

static const char *read_file(const char *name)
{
    FILE *file = fopen(path(name), "r");
    if (!file)
        fail_msg("%s is not there", name);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void write_file(const char *name, const char *content)
{
    FILE *file = fopen(path(name), "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

/* A record as record_run() writes it. Later members win over earlier ones. */
static void add_record(const char *name, const char *device, const char *more)
{
    char json[4000], where[64];
    snprintf(
        json, sizeof json,
        "{\"format\": \"xeus-tinycc record 1\", \"device\": \"%s\", \"device_name\": \"Chip\", "
        "\"setting\": \"\", \"variant\": \"classic\", \"date\": \"2026-11-26T00:00:00Z\", "
        "\"data\": \"MNIST\", \"data_verified\": \"yes\", \"data_hash\": \"1\", "
        "\"split\": \"training 54000, validation 6000, test 10000\", \"model\": \"lenet5\", "
        "\"layers\": \"Conv2D 6@5x5 same tanh, Flatten, Dense 10 softmax\", "
        "\"layer_parameters\": [156, 0, 850], \"parameters\": 61706, \"optimizer\": \"adam\", "
        "\"learning_rate\": 0.001, \"loss\": \"sparse_categorical_crossentropy\", "
        "\"seed\": 42, \"epochs\": 5, \"batch_size\": 128, \"kept_epoch\": 4, "
        "\"best_accuracy\": 0.985, \"best_accuracy_epoch\": 5, \"best_loss\": 0.05, "
        "\"best_val_accuracy\": 0.983, \"best_val_loss\": 0.06, \"best_val_loss_epoch\": 4, "
        "\"history_loss\": [0.3, 0.1, 0.08, 0.06, 0.05], \"history_val_loss\": [0.2, 0.1, 0.07, "
        "0.06, 0.065], \"history_accuracy\": [0.9, 0.95, 0.97, 0.98, 0.985], "
        "\"training_seconds\": 12.5, \"training_threads\": 2, \"test_accuracy\": 0.9806, "
        "\"test_loss\": 0.0601, \"test_samples\": 10000, \"latency_us\": 10, "
        "\"latency_calls\": 30000, \"latency_warmup\": 1000, \"latency_passes\": 3, "
        "\"latency_median_us\": 9.5, \"latency_p99_us\": 12345.6, \"cores\": 2, "
        "\"load_average\": 0.1, \"version\": \"0.1.0\", \"isa\": \"v3\"%s}",
        device, more);
    snprintf(where, sizeof where, "records/%s", name);
    write_file(where, json);
}

/* The discussion of what lies in the folder. */
static char *discussion(void)
{
    char folder[4096];
    nb__records records;
    nb__device_rows rows = {0};
    nb__text draft = {0};
    assert_int_equal(nb__device_rows_read("test", (device_table_opts){0}, folder, sizeof folder,
                                          &records, &rows), NN_OK);
    nb__report r = {.rows = &rows, .run = rows.record[rows.winner], .record_count = records.count};
    nb__report_discussion(&r, &draft);
    nb__records_free(&records);
    return nb__text_take(&draft);
}

static void assert_says(const char *where, const char *what)
{
    if (!strstr(where, what))
        fail_msg("\"%s\" is not in: %s", what, where);
}

static void one_device_is_not_compared(void **state)
{
    (void)state;
    add_record("1.json", "CPU", "");
    char *d = discussion();
    assert_in_range(nb__count_words(d), 100, 200);
    assert_says(d, "Only one device was measured, CPU (Chip), so no comparison was made.");
    assert_says(d, "test accuracy of 0.9806, 0.24 points below");
    assert_says(d, "Training took 12.50 s on 2 threads");
    assert_says(d, "10.0 us on average, which gives a Score of 98,060 per s");
    assert_says(d, "Expected, not measured: ");
    assert_null(strstr(d, "factor"));
    free(d);
}

static void several_devices_are_compared(void **state)
{
    (void)state;
    add_record("1.json", "CPU", "");
    add_record("2.json", "GPU P100", ", \"latency_us\": 120, \"training_seconds\": 5, "
                                     "\"test_accuracy\": 0.9821");
    char *d = discussion();
    assert_in_range(nb__count_words(d), 100, 200);
    assert_says(d,
                "Two devices were measured. CPU has the highest Score, 98,060 per s; GPU P100 has "
                "the lowest, 8,184.");
    assert_says(d, "from 10.0 us on CPU to 120 us on GPU P100, a factor of 12");
    assert_says(d, "from 5.00 s on GPU P100 to 12.50 s on CPU, a factor of 2.5; the fastest in "
                   "training is not the one with the highest Score.");
    assert_says(d, "0.15 points is within the 0.3 points");
    assert_says(d, "Of the four devices of the table 2 were not measured");
    free(d);
}

static void a_full_table_is_discussed_in_200_words(void **state)
{
    (void)state;
    static const char runs[] =
        ", \"runs\": 3, \"runs_seed\": [42, 43, 44], \"runs_accuracy_mean\": "
        "0.98, \"runs_accuracy_spread\": 0.001, \"batched_batch_size\": 1000, "
        "\"batched_images_per_second\": 250000";
    char more[600];
    add_record("1.json", "CPU", runs);
    add_record("2.json", "GPU P100", runs);
    add_record("3.json", "TPU VM v3-8", runs);
    snprintf(more, sizeof more, "%s, \"test_accuracy\": 0.95, \"variant\": \"relu-max\"", runs);
    add_record("4.json", "GPU T4 x2 (Using 1 GPU)", more);
    char *d = discussion();
    assert_in_range(nb__count_words(d), 100, 200);
    assert_says(d, "Four devices were measured");
    assert_says(d, "3.06 points is more than the 0.4 points");
    assert_says(d, "CPU is variant classic, GPU T4 x2 (Using 1 GPU) is relu-max");
    assert_null(strstr(d, "not measured"));
    free(d);
}

/* 868 of 1,000 images right is not known to 0.3 points. */
static void a_small_test_set_has_more_noise(void **state)
{
    (void)state;
    add_record("1.json", "CPU", ", \"test_samples\": 1000, \"test_accuracy\": 0.868");
    add_record("2.json", "CPU (1 thread)", ", \"test_samples\": 1000, \"test_accuracy\": 0.88, "
                                           "\"setting\": \"1 thread\"");
    char *d = discussion();
    assert_says(d, "Two devices or settings were measured.");
    assert_says(d, "1.20 points is within the 2.1 points");
    free(d);
}

static void other_networks_are_described_as_they_are(void **state)
{
    (void)state;
    add_record("1.json", "CPU",
               ", \"model\": \"mlp\", \"layers\": \"Flatten, Dense 10 softmax\", "
               "\"layer_parameters\": [0, 7850], \"parameters\": 7850, "
               "\"optimizer\": \"sgd\", \"learning_rate\": 0.01, \"epochs\": 1, "
               "\"data\": \"fashion\", \"data_verified\": \"no\", \"batch_size\": 50");
    assert_int_equal(nb_write_report("report.pdf", (report_opts){0}), NN_OK);
    const char *html = read_file("report.html");
    assert_says(html, "<h1>mlp on fashion</h1>");
    assert_says(html, "mlp, 7,850 parameters: Flatten, Dense 10 softmax (7,850).");
    assert_says(html, "Optimizer SGD with learning rate 0.01");
    assert_says(html, "1 epoch, batches of 50");
    assert_says(html, "not those of the original MNIST");
    assert_null(strstr(html, "LeNet"));
    assert_null(strstr(html, "61,706"));
    assert_null(strstr(html, "Conv2D"));
}

static void the_report_and_its_folder_are_written(void **state)
{
    (void)state;
    add_record("1.json", "CPU", ", \"model_copy\": \"1.keras\"");
    write_file("records/1.keras", "weights");
    report_opts opts = {.author = "Ada", .title = "T <1>", .notes = "A note."};
    assert_int_equal(nb_write_report("report.pdf", opts), NN_OK);
    assert_memory_equal(read_file("report.pdf"), "%PDF", 4);
    assert_memory_equal(read_file("handin/report.pdf"), "%PDF", 4);
    assert_string_equal(read_file("handin/best.keras"), "weights");
    const char *html = read_file("report.html");
    assert_says(html, "<h1>T &lt;1&gt;</h1>");
    assert_says(html, "Discussion (a draft, made from the records)");
    assert_says(html, "<p>A note.</p>");
    assert_says(html, "Conv2D 6@5\xC3\x97" "5 same tanh (156), Flatten, Dense 10 softmax (850).");
    assert_says(html, "The weights of epoch 4 were kept, the one with the lowest validation loss.");
    assert_says(html, "99 % within 12,346 \xC2\xB5s");
    assert_says(html, "data:image/png;base64,");
    assert_true(plain_is_ascii_80(shown.shown[0].plain) || strlen(out) > 20);
    assert_says(shown.shown[0].plain, "report.pdf: ");
    assert_says(shown.shown[0].plain, "The discussion is a draft");
}

static void ones_own_discussion_replaces_the_draft(void **state)
{
    (void)state;
    add_record("1.json", "CPU", "");
    report_opts opts = {.discussion = "I think so.", .no_handin = 1};
    assert_int_equal(nb_write_report("report.pdf", opts), NN_OK);
    const char *html = read_file("report.html");
    assert_says(html, "<h2>Discussion</h2>\n<p>I think so.</p>");
    assert_null(strstr(html, "draft"));
    assert_null(strstr(html, "Only one device"));
    assert_int_equal(access(path("handin"), F_OK), -1);
    assert_says(shown.shown[0].plain, "The discussion has 3 words; 100 to 200 are asked for");
}

static void what_cannot_be_reported_is_refused(void **state)
{
    (void)state;
    assert_int_equal(nb_write_report("report.pdf", (report_opts){0}), NN_VALUE_ERROR);
    assert_says(nn_error_message(), "call record_run() first");
    add_record("1.json", "CPU", "");
    assert_int_equal(nb_write_report("report.txt", (report_opts){0}), NN_VALUE_ERROR);
    assert_int_equal(nb_write_report("none/report.pdf", (report_opts){0}), NN_FILE_NOT_FOUND);
    static char long_text[30000];
    for (size_t i = 0; i + 6 < sizeof long_text; i += 5)
        memcpy(long_text + i, "word ", 5);
    assert_int_equal(nb_write_report("report.pdf", (report_opts){.notes = long_text}),
                     NN_VALUE_ERROR);
    assert_says(nn_error_message(), "write_report: the report is ");
    assert_says(nn_error_message(), " of .notes (section \"Notes\"");
    assert_int_equal(access(path("report.pdf"), F_OK), -1); /* nothing is left behind */
}

/* A model file that was damaged on its way here is not handed in. */
static void a_model_that_is_another_is_refused(void **state)
{
    (void)state;
    add_record("1.json", "CPU",
               ", \"model_copy\": \"1.keras\", \"model_sha256\": "
               "\"0000000000000000000000000000000000000000000000000000000000000000\"");
    write_file("records/1.keras", "weights");
    char sum[65];
    assert_int_equal(nb__hash_file("test", path("records/1.keras"), sum), NN_OK);
    if (!sum[0])
        skip(); /* without nn-files there is nothing to compare with */
    assert_int_equal(nb_best_score((device_table_opts){0}), NN_VALUE_ERROR);
    assert_says(nn_error_message(), "1.keras is not the file that was recorded");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_device_is_not_compared),
        TEST(several_devices_are_compared),
        TEST(a_full_table_is_discussed_in_200_words),
        TEST(a_small_test_set_has_more_noise),
        TEST(other_networks_are_described_as_they_are),
        TEST(the_report_and_its_folder_are_written),
        TEST(ones_own_discussion_replaces_the_draft),
        TEST(what_cannot_be_reported_is_refused),
        TEST(a_model_that_is_another_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
