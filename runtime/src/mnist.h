/* Where MNIST's files come from: folders, mnist.npz, downloads. Private to libnn. */
#ifndef NN_SRC_MNIST_H
#define NN_SRC_MNIST_H

#include <limits.h>
#include "idx.h"

#define NN_MNIST_FILES 4
#define NN_SHA256_TEXT 65

/* One of the four files, in the order train images, train labels, test images, test labels. */
typedef struct nn_mnist_file {
    const char *name;
    const char *other_name; /* as some sites spell it */
    const char *sha256;     /* of the uncompressed file */
    int64_t shape[3];
    int rank;
} nn_mnist_file;

extern const nn_mnist_file nn__mnist_files[NN_MNIST_FILES];

typedef struct nn_mnist_parts {
    nn_idx idx[NN_MNIST_FILES];
    char sha256[NN_MNIST_FILES][NN_SHA256_TEXT]; /* "" where not computed */
} nn_mnist_parts;

void nn__mnist_free(nn_mnist_parts *parts);

/* ---- folders (data_sources.c) ---- */

/* Find FILE in FOLDER: either name, plain or .gz, or in a folder of its own name as Kaggle unpacks
   them. Returns 0 if it is not there. */
int nn__mnist_find(const char *folder, const nn_mnist_file *file, char path[PATH_MAX]);

/* The same for a file of NAME alone: mnist_train.csv. */
int nn__mnist_find_name(const char *folder, const char *name, char path[PATH_MAX]);

typedef struct nn_folder_list {
    char **paths;
    size_t count;
} nn_folder_list;

/* List the folders to search when none was given: XTINYCC_DATA and its mnist folder, the cache,
   Kaggle's inputs down to 3 levels, Keras' own cache. Returns 0 without memory. */
int nn__mnist_folders(nn_folder_list *list);
void nn__folder_list_free(nn_folder_list *list);

/* ($XDG_CACHE_HOME or ~/.cache)/xeus-tinycc/mnist. Returns 0 where there is no home. */
int nn__mnist_cache(char path[PATH_MAX]);

/* ---- jobs of nn-files (data_jobs.c) ---- */

/* SHA-256 of COUNT loaded IDX files, headers included. */
nn_status nn__sha256(const nn_idx *idx, size_t count, char (*text)[NN_SHA256_TEXT]);

/* Unpack mnist.npz as Keras keeps it; it holds MNIST's shapes or is refused. */
nn_status nn__mnist_read_npz(const char *path, nn_mnist_parts *parts);

/* Download URL into the open file FD (at most LIMIT bytes). The message of a failure reads
   "HOST: what happened". */
nn_status nn__download(const char *url, int fd, size_t limit);

/* ---- downloads (data_download.c) ---- */

/* Complete the cache from the network and load it; FROM receives the address. One process
   downloads, others wait. Without a usable cache folder the files are kept in memory only. */
nn_status nn__mnist_download(nn_mnist_parts *parts, char *from, size_t from_size);

/* Read one file and check its sum (dataset.c). */
nn_status nn__mnist_read_checked(int fd, const nn_mnist_file *file, nn_idx *idx,
                                 char sha256[NN_SHA256_TEXT]);

#endif
