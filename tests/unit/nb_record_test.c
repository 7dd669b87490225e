/* Records of runs, and the table of devices made from them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <dirent.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "nb_capture.h"
#include "nb_json.h"
#include "nb_record.h"
#include "nb_training.h"

static capture shown;
static char out[64];
static model_t *model;

static const double accuracy[] = {.9, .97, .975, .98, .985}, loss[] = {.3, .1, .08, .06, .05};
static const double val_accuracy[] = {.96, .97, .984, .98, .982}, val_loss[] = {.2, .1, .06, .07, .08};
static const history_t history = {
    .epochs = 5, .epochs_asked = 5, .loss = loss, .accuracy = accuracy, .val_loss = val_loss,
    .val_accuracy = val_accuracy, .seconds = 31.4, .best_epoch = 2, .batch_size = 128, .seed = 42,
    .train_samples = 54000, .val_samples = 6000, .engine = "lane v4"};
static const metrics_t test = {.loss = .055, .accuracy = .9888, .samples = 10000};
static const latency_t latency = {.mean_us = 3.9, .calls = 30000, .batch_size = 1, .warmup = 1000,
                                  .passes = 3, .threads = 1, .precision = "fp32"};
static const mnist_t data = {.name = "MNIST", .verified = 1, .sha256 = {"aa", "bb", "cc", "dd"}};

static int setup(void **state)
{
    (void)state;
    capture_begin(&shown);
    strcpy(out, "/tmp/nb-records-XXXXXX");
    if (!mkdtemp(out))
        return -1;
    setenv("XTINYCC_OUT", out, 1);
    model = training_model("net");
    return model ? 0 : -1;
}

static void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder)
        return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char inner[512];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (unlink(inner) != 0)
            remove_folder(inner);
    }
    closedir(folder);
    rmdir(path);
}

static int teardown(void **state)
{
    (void)state;
    capture_end(&shown);
    remove_folder(out);
    unsetenv("XTINYCC_OUT");
    nn_reset();
    return 0;
}

static const char *records_path(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/records%s%s", out, *name ? "/" : "", name);
    return path;
}

/* Number of files in the records folder that end so; the last one's name goes into NAME. */
static int count_files(const char *ending, char *name)
{
    int count = 0;
    DIR *folder = opendir(records_path(""));
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        size_t length = strlen(entry->d_name);
        if (length > strlen(ending) &&
            strcmp(entry->d_name + length - strlen(ending), ending) == 0) {
            count++;
            if (name)
                strcpy(name, entry->d_name);
        }
    }
    if (folder)
        closedir(folder);
    return count;
}

static char text[65536];

static const char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static char *model_file(const char *content)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/net.keras", out);
    FILE *file = fopen(path, "w");
    fputs(content, file);
    fclose(file);
    return path;
}

static void a_run_is_recorded_at_full_precision(void **state)
{
    (void)state;
    record_opts opts = {.data = data, .variant = "classic", .model_file = model_file("weights")};
    assert_int_equal(nb_record_run(model, &history, test, latency, opts), NN_OK);
    char name[256], copy[256];
    assert_int_equal(count_files(".json", name), 1);
    assert_int_equal(count_files(".keras", copy), 1);
    assert_int_equal(count_files("", NULL), 4); /* these, and two dots: nothing temporary stays */
    assert_memory_equal(name, "cpu-classic-2", 13);
    assert_memory_equal(name, copy, strlen(name) - 5);
    assert_string_equal(read_file(records_path(copy)), "weights");
    static nb__json json;
    read_file(records_path(name));
    assert_true(nb__json_read(text, &json));
    assert_string_equal(nb__json_string(&json, "device"), "CPU");
    assert_true(nb__json_number(&json, "test_accuracy") == .9888);
    assert_true(nb__json_number(&json, "best_accuracy") == .985);
    assert_true(nb__json_number(&json, "best_val_accuracy") == .984);
    assert_true(nb__json_number(&json, "best_val_accuracy_epoch") == 3);
    assert_true(nb__json_number(&json, "best_val_loss") == .06);
    assert_true(nb__json_number(&json, "seed") == 42);
    assert_true(nb__json_number(&json, "latency_us") == 3.9);
    assert_string_equal(nb__json_string(&json, "split"),
                        "training 54000, validation 6000, test 10000");
    assert_string_equal(nb__json_string(&json, "layers"), "Dense 8 tanh, Dense 2 softmax");
    assert_string_equal(nb__json_string(&json, "sha256_test_labels"), "dd");
    assert_string_equal(nb__json_string(&json, "model_copy"), copy);
    assert_non_null(strstr(shown.shown[0].plain, "Recorded in "));
}

static void no_run_overwrites_another(void **state)
{
    (void)state;
    record_opts opts = {.data = data, .variant = "classic", .model_file = model_file("weights")};
    for (int i = 0; i < 5; i++)
        assert_int_equal(nb_record_run(model, &history, test, latency, opts), NN_OK);
    assert_int_equal(count_files(".json", NULL), 5);
    assert_int_equal(count_files(".keras", NULL), 5);
}

static void what_was_not_measured_is_refused(void **state)
{
    (void)state;
    record_opts opts = {.data = data, .variant = "classic"};
    history_t none = {0};
    latency_t untimed = {0}, batch = latency;
    batch.batch_size = 32;
    assert_int_equal(nb_record_run(NULL, &history, test, latency, opts), NN_VALUE_ERROR);
    assert_int_equal(nb_record_run(model, NULL, test, latency, opts), NN_VALUE_ERROR);
    assert_int_equal(nb_record_run(model, &none, test, latency, opts), NN_VALUE_ERROR);
    assert_int_equal(nb_record_run(model, &history, (metrics_t){0}, latency, opts), NN_VALUE_ERROR);
    assert_int_equal(nb_record_run(model, &history, test, untimed, opts), NN_VALUE_ERROR);
    assert_int_equal(nb_record_run(model, &history, test, batch, opts), NN_VALUE_ERROR);
    assert_non_null(strstr(nn_error_message(), "32 images"));
    opts.variant = "../x";
    assert_int_equal(nb_record_run(model, &history, test, latency, opts), NN_VALUE_ERROR);
    opts.variant = "classic";
    opts.model_file = "no-such-file.keras";
    assert_int_equal(nb_record_run(model, &history, test, latency, opts), NN_FILE_NOT_FOUND);
    assert_non_null(strstr(nn_error_message(), "no-such-file.keras"));
    assert_int_equal(count_files(".json", NULL), 0);
}

static int count_of(const char *where, const char *part)
{
    int count = 0;
    for (const char *s = strstr(where, part); s; s = strstr(s + 1, part))
        count++;
    return count;
}

static void the_table_fills_only_what_was_measured(void **state)
{
    (void)state;
    nb_record_run(model, &history, test, latency, (record_opts){.data = data, .variant = "classic"});
    assert_int_equal(nb_device_table((device_table_opts){0}), NN_OK);
    const captured *table = &shown.shown[1];
    assert_true(html_is_allowed(table->html));
    assert_true(plain_is_ascii_80(table->plain));
    assert_int_equal(count_of(table->html, "<th"), 10 + 1); /* and <thead> */
    assert_int_equal(count_of(table->html, "<tr"), 1 + 4);
    assert_int_equal(count_of(table->html, "not measured"), 27);
    static const char *const cells[] = {">0.9850<", ">0.0500<", ">0.9840<", ">0.0600<", ">31.40 s<",
                                        ">0.9888<", ">0.0550<", ">3.90 us<", ">253,538<"};
    for (size_t i = 0; i < 9; i++)
        if (!strstr(table->html, cells[i]))
            fail_msg("the table lacks %s: %s", cells[i], table->html);
    assert_non_null(strstr(table->html, "GPU P100: no such device on this machine ("));
    assert_non_null(strstr(table->html, "TPU VM v3-8: no such device on this machine ("));
    assert_non_null(strstr(table->plain, "25,354 %/ms"));
    assert_non_null(table->latex);
}

static void without_records_there_is_a_table_all_the_same(void **state)
{
    (void)state;
    assert_int_equal(nb_device_table((device_table_opts){0}), NN_OK);
    assert_int_equal(count_of(shown.shown[0].html, "not measured"), 36);
}

/* Put a record as another machine would have written it. */
static void add_record(const char *name, const char *device, const char *more)
{
    mkdir(records_path(""), 0777);
    FILE *file = fopen(records_path(name), "w");
    assert_non_null(file);
    fprintf(file, "{\"format\": \"xeus-tinycc record 1\", \"device\": \"%s\", \"data\": \"MNIST\", "
                  "\"data_hash\": \"1\", \"split\": \"s\", \"epochs\": 5, \"training_seconds\": 2, "
                  "\"test_accuracy\": 0.98, \"latency_us\": 10, \"model_copy\": \"%s.keras\"%s}",
            device, name, more);
    fclose(file);
}

static void the_best_record_of_a_device_counts(void **state)
{
    (void)state;
    add_record("1.json", "GPU P100", ", \"latency_us\": 100");
    add_record("2.json", "GPU P100", ", \"latency_us\": 50");
    add_record("3.json", "GPU P100", ", \"latency_us\": 1, \"epochs\": 2"); /* not the course's */
    add_record("4.json", "GPU RTX", "");
    assert_int_equal(nb_device_table((device_table_opts){0}), NN_OK);
    const char *html = shown.shown[0].html;
    assert_non_null(strstr(html, ">50.0 us<"));
    assert_null(strstr(html, ">100 us<"));
    assert_int_equal(count_of(html, "<tr"), 1 + 5);
    assert_non_null(strstr(html, "Highest Score: GPU RTX"));
}

static void runs_made_otherwise_do_not_meet_in_a_table(void **state)
{
    (void)state;
    add_record("1.json", "CPU", "");
    add_record("2.json", "GPU P100", ", \"split\": \"other\"");
    assert_int_equal(nb_device_table((device_table_opts){0}), NN_VALUE_ERROR);
    assert_non_null(strstr(nn_error_message(), "CPU and GPU P100 differ in split"));
    add_record("2.json", "GPU P100", ", \"epochs\": 3");
    assert_int_equal(nb_device_table((device_table_opts){0}), NN_VALUE_ERROR);
    assert_non_null(strstr(nn_error_message(), "epochs"));
}

static void synthetic_and_broken_records_are_left_out(void **state)
{
    (void)state;
    add_record("1.json", "CPU", ", \"data\": \"synthetic\"");
    add_record("2.json", "CPU", ", \"latency_us\": 0");
    FILE *file = fopen(records_path("3.json"), "w");
    fputs("{\"format\":", file);
    fclose(file);
    assert_int_equal(nb_device_table((device_table_opts){0}), NN_OK);
    assert_int_equal(count_of(shown.shown[0].html, "not measured"), 36);
    assert_non_null(strstr(shown.shown[0].html, "1 record of synthetic"));
    assert_non_null(strstr(shown.shown[0].html, "2 files that are no records, such as 2.json"));
}

static void names_in_records_cannot_inject_markup(void **state)
{
    (void)state;
    add_record("1.json", "<img onerror=x>", "");
    assert_int_equal(nb_device_table((device_table_opts){0}), NN_OK);
    assert_null(strstr(shown.shown[0].html, "<img"));
}

static void the_model_of_the_highest_score_is_copied(void **state)
{
    (void)state;
    assert_int_equal(nb_best_score((device_table_opts){0}), NN_FILE_NOT_FOUND);
    record_opts opts = {.data = data, .variant = "classic", .model_file = model_file("slow")};
    latency_t slow = latency;
    slow.mean_us = 100;
    nb_record_run(model, &history, test, slow, opts);
    opts.model_file = model_file("fast");
    nb_record_run(model, &history, test, latency, opts);
    char path[128];
    snprintf(path, sizeof path, "%s/best.keras", out);
    for (int i = 0; i < 2; i++) { /* a second time, over the first */
        assert_int_equal(nb_best_score((device_table_opts){0}), NN_OK);
        assert_string_equal(read_file(path), "fast");
    }
    assert_non_null(strstr(shown.shown[2].plain, "253,538 per s"));
}

/* A record names its model's file only; it cannot fetch one from elsewhere. */
static void a_record_cannot_point_outside_its_folder(void **state)
{
    (void)state;
    add_record("1.json", "CPU", ", \"model_copy\": \"../../../etc/hostname\"");
    assert_int_equal(nb_best_score((device_table_opts){0}), NN_FILE_NOT_FOUND);
}

static void a_locale_with_commas_changes_nothing(void **state)
{
    (void)state;
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8"))
        skip();
    nb_record_run(model, &history, test, latency, (record_opts){.data = data, .variant = "classic"});
    nn_status status = nb_device_table((device_table_opts){0});
    setlocale(LC_NUMERIC, "C");
    char name[256];
    assert_int_equal(count_files(".json", name), 1);
    assert_non_null(strstr(read_file(records_path(name)), "\"test_accuracy\": 0.9888,"));
    assert_int_equal(status, NN_OK);
    assert_int_equal(count_of(shown.shown[1].html, "not measured"), 27);
}

static void scores_have_both_units(void **state)
{
    (void)state;
    char buffer[120];
    assert_string_equal(nb_score_text(buffer, sizeof buffer, nb_score(.9888, 3.9e-6)),
                        "Score = 253,538 per s (fraction/seconds; 25,354 %/ms)");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_run_is_recorded_at_full_precision),
        TEST(no_run_overwrites_another),
        TEST(what_was_not_measured_is_refused),
        TEST(the_table_fills_only_what_was_measured),
        TEST(without_records_there_is_a_table_all_the_same),
        TEST(the_best_record_of_a_device_counts),
        TEST(runs_made_otherwise_do_not_meet_in_a_table),
        TEST(synthetic_and_broken_records_are_left_out),
        TEST(names_in_records_cannot_inject_markup),
        TEST(the_model_of_the_highest_score_is_copied),
        TEST(a_record_cannot_point_outside_its_folder),
        TEST(a_locale_with_commas_changes_nothing),
        TEST(scores_have_both_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
