#include "nn/dataset.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "csv.h"
#include "error.h"
#include "mnist.h"

#define TRAIN_IMAGES 0
#define TRAIN_LABELS 1
#define TEST_IMAGES  2
#define TEST_LABELS  3
#define CLASSES      10

const nn_mnist_file nn__mnist_files[NN_MNIST_FILES] = {
    {"train-images-idx3-ubyte",
     "train-images.idx3-ubyte",
     "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
     {60000, 28, 28},
     3},
    {"train-labels-idx1-ubyte",
     "train-labels.idx1-ubyte",
     "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
     {60000},
     1},
    {"t10k-images-idx3-ubyte",
     "t10k-images.idx3-ubyte",
     "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
     {10000, 28, 28},
     3},
    {"t10k-labels-idx1-ubyte",
     "t10k-labels.idx1-ubyte",
     "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
     {10000},
     1},
};

/* Loading again gives the same memory again: verified data cannot differ. */
static mnist_t kept; /* only its tensors */
static int have_kept;
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;

/* A failure that is only shown if no other source answers. */
typedef struct failure {
    nn_status status;
    char message[1024];
} failure;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void remember(failure *first, nn_status status)
{
    if (first->status != NN_OK)
        return;
    first->status = status;
    snprintf(first->message, sizeof first->message, "%s", nn_error_message());
}

void nn__mnist_free(nn_mnist_parts *parts)
{
    for (int i = 0; i < NN_MNIST_FILES; i++)
        nn__idx_free(&parts->idx[i]);
    *parts = (nn_mnist_parts){0};
}

/* 60000 as 60,000 */
static const char *with_commas(int64_t value, char text[32])
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)value), at = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

/* ---- checks ---- */

static nn_status check_counts(const nn_mnist_parts *parts)
{
    for (int i = 0; i < NN_MNIST_FILES; i += 2) {
        int64_t images = parts->idx[i].shape[0], labels = parts->idx[i + 1].shape[0];
        char a[32], b[32], c[32];
        if (images != labels)
            return nn__fail(NN_VALUE_ERROR, "%s: %s labels expected for %s images, found %s.",
                            nn__mnist_files[i + 1].name, with_commas(images, a),
                            with_commas(images, b), with_commas(labels, c));
    }
    const int64_t *train = parts->idx[TRAIN_IMAGES].shape, *test = parts->idx[TEST_IMAGES].shape;
    if (train[1] != test[1] || train[2] != test[2])
        return nn__fail(NN_VALUE_ERROR,
                        "%s: images of %lld x %lld, but the training images are %lld x %lld.",
                        nn__mnist_files[TEST_IMAGES].name, (long long)test[1], (long long)test[2],
                        (long long)train[1], (long long)train[2]);
    return NN_OK;
}

static nn_status check_labels(const nn_idx *labels, const char *name)
{
    for (int64_t i = 0; i < labels->shape[0]; i++)
        if (labels->data[i] >= CLASSES)
            return nn__fail(NN_VALUE_ERROR,
                            "%s: label %d at index %lld; MNIST's labels are 0 to 9.\n"
                            "Pass .no_verify = 1 for other data in the same format.",
                            name, labels->data[i], (long long)i);
    return NN_OK;
}

static nn_status check_sum(const nn_mnist_file *file, const char *sha256)
{
    if (strcmp(sha256, file->sha256) == 0)
        return NN_OK;
    return nn__fail(NN_VALUE_ERROR,
                    "%s: SHA-256 mismatch (got %.4s\u2026, expected %.4s\u2026). The file was not "
                    "used.\nDelete it to download again, or pass .no_verify = 1 for other data in "
                    "the same format.",
                    file->name, sha256, file->sha256);
}

static int sums_are_mnists(const nn_mnist_parts *parts)
{
    for (int i = 0; i < NN_MNIST_FILES; i++)
        if (strcmp(parts->sha256[i], nn__mnist_files[i].sha256) != 0)
            return 0;
    return 1;
}

/* Counts and labels first: their messages say more than a sum. */
static nn_status check_parts(nn_mnist_parts *parts, int no_verify)
{
    nn_status status = check_counts(parts);
    for (int i = TRAIN_LABELS; i < NN_MNIST_FILES && status == NN_OK && !no_verify; i += 2)
        status = check_labels(&parts->idx[i], nn__mnist_files[i].name);
    if (status != NN_OK)
        return status;
    status = nn__sha256(parts->idx, NN_MNIST_FILES, parts->sha256);
    if (no_verify)
        return status == NN_INTERRUPTED ? status : NN_OK;
    for (int i = 0; i < NN_MNIST_FILES && status == NN_OK; i++)
        status = check_sum(&nn__mnist_files[i], parts->sha256[i]);
    return status;
}

nn_status nn__mnist_read_checked(int fd, const nn_mnist_file *file, nn_idx *idx,
                                 char sha256[NN_SHA256_TEXT])
{
    nn_status status = nn__idx_read(fd, file->name, file->rank, idx);
    if (status != NN_OK)
        return status;
    status = nn__sha256(idx, 1, (char(*)[NN_SHA256_TEXT])sha256);
    if (status == NN_OK)
        status = check_sum(file, sha256);
    if (status != NN_OK)
        nn__idx_free(idx);
    return status;
}

/* ---- sources ---- */

static nn_status open_data(const char *path, int *fd)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0)
        return nn__fail(NN_OS_ERROR, "%s could not be opened: %s.", path, strerror(errno));
    return NN_OK;
}

/* The IDX files; *MISSING receives the name of the first that is not there. */
static nn_status read_idx_files(const char *folder, nn_mnist_parts *parts, const char **missing)
{
    char path[NN_MNIST_FILES][PATH_MAX];
    *missing = NULL;
    for (int i = 0; i < NN_MNIST_FILES; i++)
        if (!nn__mnist_find(folder, &nn__mnist_files[i], path[i]) && !*missing)
            *missing = nn__mnist_files[i].name;
    if (*missing)
        return NN_FILE_NOT_FOUND;
    nn_status status = NN_OK;
    for (int i = 0; i < NN_MNIST_FILES && status == NN_OK; i++) {
        const nn_mnist_file *file = &nn__mnist_files[i];
        int fd;
        status = open_data(path[i], &fd);
        if (status == NN_OK)
            status = nn__idx_read(fd, file->name, file->rank, &parts->idx[i]);
    }
    return status;
}

/* mnist_train.csv and mnist_test.csv, as Kaggle has them. */
static nn_status read_csv_files(const char *folder, nn_mnist_parts *parts)
{
    static const char *const names[] = {"mnist_train.csv", "mnist_test.csv"};
    char path[2][PATH_MAX];
    for (int i = 0; i < 2; i++)
        if (!nn__mnist_find_name(folder, names[i], path[i]))
            return NN_FILE_NOT_FOUND;
    nn_status status = NN_OK;
    for (int i = 0; i < 2 && status == NN_OK; i++) {
        int fd;
        status = open_data(path[i], &fd);
        if (status == NN_OK)
            status = nn__csv_read(fd, names[i], &parts->idx[2 * i], &parts->idx[2 * i + 1]);
    }
    return status;
}

static nn_status read_folder(const char *folder, int no_verify, nn_mnist_parts *parts)
{
    char npz[PATH_MAX];
    const char *missing;
    *parts = (nn_mnist_parts){0};
    nn_status status = read_idx_files(folder, parts, &missing);
    if (missing && snprintf(npz, sizeof npz, "%s/mnist.npz", folder) < PATH_MAX &&
        access(npz, F_OK) == 0)
        status = nn__mnist_read_npz(npz, parts);
    else if (missing)
        status = read_csv_files(folder, parts);
    if (missing && status == NN_FILE_NOT_FOUND)
        status = nn__fail(NN_FILE_NOT_FOUND, "%s was not found in %s.", missing, folder);
    if (status == NN_OK)
        status = check_parts(parts, no_verify);
    if (status != NN_OK)
        nn__mnist_free(parts);
    return status;
}

static nn_status search(int no_verify, nn_mnist_parts *parts, char *source, size_t source_size,
                        failure *first)
{
    nn_folder_list folders;
    if (!nn__mnist_folders(&folders)) {
        nn__folder_list_free(&folders);
        return nn__fail(NN_MEMORY_ERROR, "mnist_load_data: out of memory.");
    }
    nn_status status = NN_FILE_NOT_FOUND;
    for (size_t i = 0; i < folders.count; i++) {
        status = read_folder(folders.paths[i], no_verify, parts);
        snprintf(source, source_size, "%s", folders.paths[i]);
        if (status == NN_OK || status == NN_INTERRUPTED)
            break;
        if (status != NN_FILE_NOT_FOUND)
            remember(first, status);
    }
    nn__folder_list_free(&folders);
    return status;
}

static nn_status nothing_found(const char *why)
{
    char folder[PATH_MAX];
    if (!nn__mnist_cache(folder))
        snprintf(folder, sizeof folder, "a folder");
    return nn__fail(NN_FILE_NOT_FOUND,
                    "MNIST was not found and %s.\n"
                    "Put the four IDX files in %s, or set XTINYCC_DATA to their directory. On "
                    "Kaggle: add the MNIST data set, or switch Internet on in the notebook "
                    "settings.",
                    why, folder);
}

static nn_status obtain(const mnist_opts *opts, nn_mnist_parts *parts, char *source,
                        size_t source_size)
{
    failure first = {NN_OK, ""};
    if (opts->directory) {
        snprintf(source, source_size, "%s", opts->directory);
        return read_folder(opts->directory, opts->no_verify, parts);
    }
    nn_status status = search(opts->no_verify, parts, source, source_size, &first);
    if (status == NN_OK || status == NN_INTERRUPTED)
        return status;
    char why[600] = "downloading is switched off (.no_download = 1)";
    if (!opts->no_download) {
        status = nn__mnist_download(parts, source, source_size);
        if (status == NN_OK || status == NN_INTERRUPTED)
            return status;
        snprintf(why, sizeof why, "could not be downloaded (%.500s)", nn_error_message());
    }
    /* A file that was there but could not be used says more than a network that is not there. */
    if (first.status != NN_OK)
        return nn__fail(first.status, "%s", first.message);
    return nothing_found(why);
}

/* ---- the result ---- */

static void name_after_folder(char *name, size_t size, const char *source)
{
    size_t end = strlen(source);
    while (end > 1 && source[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && source[start - 1] != '/')
        start--;
    snprintf(name, size, "%.*s", (int)(end - start), source + start);
}

static void hand_out(nn_mnist_parts *parts, mnist_t *out)
{
    out->x_train = nn__idx_tensor(&parts->idx[TRAIN_IMAGES]);
    out->y_train = nn__idx_tensor(&parts->idx[TRAIN_LABELS]);
    out->x_test = nn__idx_tensor(&parts->idx[TEST_IMAGES]);
    out->y_test = nn__idx_tensor(&parts->idx[TEST_LABELS]);
}

nn_status nn_mnist_load(const mnist_opts *opts, mnist_t *out)
{
    const mnist_opts defaults = {0};
    double start = now();
    nn_mnist_parts parts = {0};
    *out = (mnist_t){0};
    nn_status status = obtain(opts ? opts : &defaults, &parts, out->source, sizeof out->source);
    if (status != NN_OK) {
        *out = (mnist_t){0};
        return status;
    }
    out->verified = sums_are_mnists(&parts);
    memcpy(out->sha256, parts.sha256, sizeof out->sha256);
    if (out->verified) {
        pthread_mutex_lock(&kept_lock);
        if (!have_kept)
            hand_out(&parts, &kept);
        have_kept = 1;
        nn__mnist_free(&parts);
        out->x_train = kept.x_train;
        out->y_train = kept.y_train;
        out->x_test = kept.x_test;
        out->y_test = kept.y_test;
        pthread_mutex_unlock(&kept_lock);
        snprintf(out->name, sizeof out->name, "MNIST");
    } else {
        name_after_folder(out->name, sizeof out->name, out->source);
        hand_out(&parts, out);
    }
    out->seconds = now() - start;
    return NN_OK;
}
