/*
 * Open and read objects of an HDF5 file that may be hostile. Only hard links are followed; data
 * must lie in the file itself, plain, chunked or compact, compressed by deflate and shuffle at
 * most, and have exactly the shape asked for.
 */
#ifndef NN_FILES_HDF5_SAFE_H
#define NN_FILES_HDF5_SAFE_H

#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

/* Open bytes as a read-only HDF5 file; they must outlive it. Returns the file or -1 with an
   error. */
hid_t hdf5_open(const char *file, void *data, size_t size);

/* Open the group PATH (relative to PARENT, no leading slash), checking each link on the way.
   Returns the group, 0 if there is none, -1 with an error. */
hid_t hdf5_group(hid_t parent, const char *path);

/* Number of links in a group, at most LIMIT; -1 with an error beyond. */
int64_t hdf5_link_count(hid_t group, int64_t limit);

/* Name of link INDEX in the group, in a fixed order. 0 if it does not fit into SIZE. */
int hdf5_link_name(hid_t group, int64_t index, char *name, size_t size);

/* Does the group have a link of this name? */
int hdf5_has(hid_t group, const char *name);

/* Open a dataset of numbers that can be read safely; 0 if there is none, -1 with an error. SHOWN
   is its path for messages. */
hid_t hdf5_dataset(hid_t group, const char *name, const char *shown);

/* Shape of a dataset: up to 5 lengths, returns the rank; -1 if it has more. */
int hdf5_shape(hid_t dataset, int64_t shape[5]);

/* Read all elements of a dataset, converted to MEMORY type. -1 with an error. */
int hdf5_read(hid_t dataset, hid_t memory, void *values, const char *shown);

#endif
