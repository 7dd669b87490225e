/* The folder of records: find it, read it, put files into it. */
#include "nb_record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "error.h"
#include "job.h"
#include "nb_json.h"

enum { MOST_RECORDS = 10000, MOST_BYTES = 1 << 18, COPY_BYTES = 1 << 16 };

const char *nb__records_folder(const char *folder, char *path, size_t size)
{
    const char *out = getenv("XTINYCC_OUT");
    if (folder)
        snprintf(path, size, "%s", folder);
    else if (out && *out)
        snprintf(path, size, "%s/records", out);
    else
        snprintf(path, size, "records");
    return path;
}

/* ---- writing ---- */

static nn_status cannot(const char *function, const char *verb, const char *path)
{
    int code = errno;
    return nn__fail(code == ENOENT ? NN_FILE_NOT_FOUND : NN_OS_ERROR, "%s: %s could not be %s: %s",
                    function, path, verb, strerror(code));
}

/* Give the file at TEMPORARY its name. Returns 0, or -1 with errno set. */
static int put_in_place(const char *temporary, const char *to, int replace)
{
    if (replace)
        return rename(temporary, to);
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (access(to, F_OK) == 0) { /* a file system that cannot refuse by itself */
        errno = EEXIST;
        return -1;
    }
    return rename(temporary, to);
}

static int write_all(int fd, const void *bytes, size_t size)
{
    const char *next = bytes;
    while (size) {
        ssize_t written = write(fd, next, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        next += written;
        size -= (size_t)written;
    }
    return 0;
}

/* Make a file beside TO; its path goes into TEMPORARY. Returns the descriptor, or -1. */
static int make_temporary(const char *to, char *temporary, size_t size)
{
    snprintf(temporary, size, "%s.XXXXXX", to);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd >= 0)
        fchmod(fd, 0644);
    return fd;
}

/* Close, and put in place if all went well so far; remove otherwise. */
static nn_status finish(const char *function, int fd, const char *temporary, const char *to,
                        int replace, int good)
{
    int code = errno;
    if (close(fd) != 0 && good) {
        code = errno;
        good = 0;
    }
    if (good && put_in_place(temporary, to, replace) == 0)
        return NN_OK;
    code = good ? errno : code;
    unlink(temporary);
    errno = code;
    return cannot(function, "written", to);
}

nn_status nb__write_file(const char *function, const char *to, const void *bytes, size_t size,
                         int replace)
{
    char temporary[4200];
    int fd = make_temporary(to, temporary, sizeof temporary);
    if (fd < 0)
        return cannot(function, "written", to);
    int good = write_all(fd, bytes, size) == 0;
    return finish(function, fd, temporary, to, replace, good);
}

nn_status nb__copy_file(const char *function, const char *from, const char *to, int replace)
{
    char temporary[4200], buffer[COPY_BYTES];
    int source = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source < 0)
        return cannot(function, "opened", from);
    struct stat info;
    if (fstat(source, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(source);
        return nn__fail(NN_VALUE_ERROR, "%s: %s is no file", function, from);
    }
    int fd = make_temporary(to, temporary, sizeof temporary);
    if (fd < 0) {
        close(source);
        return cannot(function, "written", to);
    }
    ssize_t got = 0;
    int good = 1;
    while (good && (got = read(source, buffer, sizeof buffer)) > 0)
        good = write_all(fd, buffer, (size_t)got) == 0;
    good = good && got == 0;
    int code = errno;
    close(source);
    errno = code;
    return finish(function, fd, temporary, to, replace, good);
}

nn_status nb__hash_file(const char *function, const char *path, char text[65])
{
    text[0] = '\0';
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0) {
        nn_status status = cannot(function, "read", path);
        if (fd >= 0)
            close(fd);
        return status;
    }
    char range[48];
    snprintf(range, sizeof range, "0:%lld", (long long)info.st_size);
    const char *const arguments[] = {"sha256", range, NULL};
    nn_job job = {.program = "nn-files", .args = arguments, .fds = &fd, .fd_count = 1};
    nn_job_result result = {0};
    nn_status status = nn__job_run(&job, &result);
    if (status == NN_OK && result.size >= 64) {
        memcpy(text, result.data, 64);
        text[64] = '\0';
    }
    free(result.data);
    close(fd);
    return status == NN_OS_ERROR ? NN_OK : status;
}

/* ---- reading ---- */

static void copy_text(const nb__json *json, const char *name, char *out, size_t size)
{
    snprintf(out, size, "%s", nb__json_string(json, name));
}

#define TEXT(member)   copy_text(&json, #member, r->member, sizeof r->member)
#define NUMBER(member) r->member = nb__json_number(&json, #member)

/* Returns 1 if TEXT is a record that a table can show. */
static int read_record(char *text, nb__record *r)
{
    static _Thread_local nb__json json;
    if (!nb__json_read(text, &json) ||
        strcmp(nb__json_string(&json, "format"), "xeus-tinycc record 1") != 0)
        return 0;
    TEXT(device);
    TEXT(device_kind);
    TEXT(device_name);
    TEXT(variant);
    TEXT(setting);
    TEXT(date);
    TEXT(data);
    TEXT(data_verified);
    TEXT(split);
    TEXT(data_hash);
    TEXT(model);
    TEXT(model_copy);
    TEXT(model_sha256);
    TEXT(optimizer);
    TEXT(loss);
    TEXT(layers);
    TEXT(version);
    TEXT(compiler);
    TEXT(isa);
    TEXT(precision);
    TEXT(engine);
    TEXT(training_engine);
    NUMBER(seed);
    NUMBER(epochs);
    NUMBER(batch_size);
    NUMBER(learning_rate);
    NUMBER(parameters);
    NUMBER(kept_epoch);
    NUMBER(threads);
    NUMBER(training_threads);
    NUMBER(cores);
    NUMBER(load_average);
    NUMBER(best_accuracy);
    NUMBER(best_loss);
    NUMBER(best_val_accuracy);
    NUMBER(best_val_loss);
    NUMBER(best_accuracy_epoch);
    NUMBER(best_loss_epoch);
    NUMBER(best_val_accuracy_epoch);
    NUMBER(best_val_loss_epoch);
    NUMBER(training_seconds);
    NUMBER(test_accuracy);
    NUMBER(test_loss);
    NUMBER(test_samples);
    NUMBER(latency_us);
    NUMBER(latency_median_us);
    NUMBER(latency_p99_us);
    NUMBER(latency_clock_overhead_us);
    NUMBER(latency_calls);
    NUMBER(latency_warmup);
    NUMBER(latency_passes);
    NUMBER(runs);
    NUMBER(runs_accuracy_mean);
    NUMBER(runs_accuracy_spread);
    NUMBER(batched_batch_size);
    NUMBER(batched_threads);
    NUMBER(batched_images_per_second);
    r->runs_seed_count = nb__json_numbers(&json, "runs_seed", r->runs_seed, NB_MOST_RUNS);
    if (strchr(r->model_copy, '/')) /* it lies in the same folder or nowhere */
        r->model_copy[0] = '\0';
    r->score = nb_score(r->test_accuracy, r->latency_us * 1e-6);
    return r->device[0] && r->test_accuracy >= 0 && r->test_accuracy <= 1 && r->latency_us > 0 &&
           isfinite(r->latency_us) && r->epochs >= 1 && r->training_seconds >= 0;
}

/* Read a file of at most MOST_BYTES; NULL where that is not possible. */
static char *read_text(int folder, const char *name)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    char *text = NULL;
    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size < MOST_BYTES)
        text = malloc((size_t)info.st_size + 1);
    if (text) {
        ssize_t got = read(fd, text, (size_t)info.st_size);
        text[got < 0 ? 0 : got] = '\0';
    }
    if (fd >= 0)
        close(fd);
    return text;
}

size_t nb__record_numbers(const char *folder, const nb__record *record, const char *name,
                          double *values, size_t capacity)
{
    static _Thread_local nb__json json;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *text = fd >= 0 ? read_text(fd, record->file) : NULL;
    if (fd >= 0)
        close(fd);
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    locale_t before = plain ? uselocale(plain) : (locale_t)0;
    size_t count = text && nb__json_read(text, &json)
                       ? nb__json_numbers(&json, name, values, capacity) : 0;
    if (plain) {
        uselocale(before);
        freelocale(plain);
    }
    free(text);
    return count;
}

static int is_record_name(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 5 && entry->d_name[0] != '.' &&
           strcmp(entry->d_name + length - 5, ".json") == 0;
}

static void add_file(int folder, const char *name, const char *variant, nb__records *records)
{
    nb__record record = {0};
    char *text = read_text(folder, name);
    snprintf(record.file, sizeof record.file, "%s", name);
    if (!text || !read_record(text, &record)) {
        if (records->unreadable++ == 0)
            snprintf(records->first_unreadable, sizeof records->first_unreadable, "%s", name);
    } else if (strcmp(record.data, "synthetic") == 0) {
        records->synthetic++;
    } else if (!variant || strcmp(variant, record.variant) == 0) {
        records->list[records->count++] = record;
    }
    free(text);
}

nn_status nb__records_read(const char *function, const char *folder, const char *variant,
                           nb__records *records)
{
    *records = (nb__records){0};
    struct dirent **names = NULL;
    int count = scandir(folder, &names, is_record_name, alphasort);
    if (count < 0)
        return errno == ENOENT ? NN_OK : cannot(function, "read", folder);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int read = count > MOST_RECORDS ? MOST_RECORDS : count;
    records->list = calloc((size_t)read + 1, sizeof *records->list);
    nn_status status = NN_OK;
    if (!records->list)
        status = nn__fail(NN_MEMORY_ERROR, "%s: no memory for %d records", function, count);
    else if (fd < 0)
        status = cannot(function, "read", folder);
    /* Whatever a cell has made of the locale, numbers have a point. */
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    locale_t before = plain ? uselocale(plain) : (locale_t)0;
    for (int i = 0; i < read && status == NN_OK; i++)
        add_file(fd, names[i]->d_name, variant, records);
    if (plain) {
        uselocale(before);
        freelocale(plain);
    }
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    if (fd >= 0)
        close(fd);
    if (status != NN_OK)
        nb__records_free(records);
    return status;
}

void nb__records_free(nb__records *records)
{
    free(records->list);
    *records = (nb__records){0};
}
