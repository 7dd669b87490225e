/* Records: what one holds, and the folder in which they lie. Private to libnn. */
#ifndef NB_SRC_RECORD_H
#define NB_SRC_RECORD_H

#include "nb/record.h"

enum { NB__RECORD_EPOCHS = 1000, NB__RECORD_TEXT = 192 };

typedef struct nb__record {
    char file[256];                   /* its name in the folder */
    char device[NB__RECORD_TEXT];     /* as the table labels it: "CPU" */
    char device_name[NB__RECORD_TEXT]; /* as the machine names it: the CPU's model */
    char device_kind[16], setting[64], variant[64];
    char date[32];                    /* "2026-11-26T00:32:15Z" */
    char data[64], data_verified[8], split[96], data_hash[20];
    char model[64];
    char model_copy[256];             /* file in the folder; "" for none */
    char model_sha256[65];
    char optimizer[16], loss[48], layers[512], version[32], compiler[64], isa[8], precision[8];
    char engine[32], training_engine[32];
    /* Numbers are NaN where they were not recorded. */
    double seed, epochs, batch_size, learning_rate, parameters, kept_epoch;
    double threads, training_threads, cores, load_average;
    double best_accuracy, best_loss, best_val_accuracy, best_val_loss;
    double best_accuracy_epoch, best_loss_epoch, best_val_accuracy_epoch, best_val_loss_epoch;
    double training_seconds, test_accuracy, test_loss, test_samples, latency_us, score;
    double latency_median_us, latency_p99_us, latency_clock_overhead_us;
    double latency_calls, latency_warmup, latency_passes;
    double runs, runs_accuracy_mean, runs_accuracy_spread;
    double runs_seed[NB_MOST_RUNS];
    size_t runs_seed_count;
    double batched_batch_size, batched_threads, batched_images_per_second;
} nb__record;

/* All records of a folder, in order of their names. Freed by nb__records_free(). */
typedef struct nb__records {
    nb__record *list;
    size_t count;
    size_t synthetic;    /* left out: results on drawn digits */
    size_t unreadable;   /* left out: not a record */
    char first_unreadable[256];
} nb__records;

/* The folder of records: FOLDER, or $XTINYCC_OUT/records, or "records". Writes into PATH. */
const char *nb__records_folder(const char *folder, char *path, size_t size);

/* A folder that is not there has no records. VARIANT NULL: any. FUNCTION opens the message. */
nn_status nb__records_read(const char *function, const char *folder, const char *variant,
                           nb__records *records);
void nb__records_free(nb__records *records);

/* Reads a list of numbers of one record, such as "history_loss". Returns how many, 0 for none. */
size_t nb__record_numbers(const char *folder, const nb__record *record, const char *name,
                          double *values, size_t capacity);

/* The labels of the four devices that always have a row. */
enum { NB__DEVICES = 4 };
extern const char *const nb__device_labels[NB__DEVICES];

/* The label of a device: one of the four, or its own name. KIND is "cpu", "gpu:0", ... */
void nb__device_label(const char *kind, const char *description, char *label, size_t size);

/* The best record of a device (runs of 5 epochs first, then the Score); NULL if there is none. */
const nb__record *nb__best_record(const nb__records *records, const char *device);

/* The rows of the table: the four devices, then those that have records besides. */
enum { NB__MOST_ROWS = 32, NB__COURSE_EPOCHS = 5 };

typedef struct nb__device_rows {
    const char *label[NB__MOST_ROWS];
    const nb__record *record[NB__MOST_ROWS]; /* NULL: not measured */
    int count, measured;
    int winner; /* -1 without any record */
} nb__device_rows;

/* Read the records and choose the rows; the folder's path goes into FOLDER. After NN_OK, RECORDS
   is to be freed. */
nn_status nb__device_rows_read(const char *function, device_table_opts opts, char *folder,
                               size_t size, nb__records *records, nb__device_rows *rows);

/* The table that nb_device_table() shows; NULL: MemoryError. */
struct nb_table *nb__device_table_make(const nb__device_rows *rows, const nb__records *records);

/* Copy the winner's model to TO. */
nn_status nb__copy_best_model(const char *function, const char *folder,
                              const nb__device_rows *rows, const char *to);

/* SHA-256 of a file; left empty where nn-files is not installed. */
nn_status nb__hash_file(const char *function, const char *path, char text[65]);

/* Copies FROM to TO, which must not exist unless REPLACE; atomic. */
nn_status nb__copy_file(const char *function, const char *from, const char *to, int replace);

/* Writes a whole file, which must not exist unless REPLACE; atomic. */
nn_status nb__write_file(const char *function, const char *to, const void *bytes, size_t size,
                         int replace);

#endif
