#include "hdf5_safe.h"

#include <stdio.h>
#include <string.h>

#include "reply.h"

#define MAX_RANK  5
#define MAX_CHUNK ((hsize_t)512 << 20)
#define MAX_NAME  128

static int damaged(const char *shown)
{
    return reply_error(VALUE_ERROR, "The weights are damaged: '%s' cannot be read.", shown);
}

hid_t hdf5_open(const char *file, void *data, size_t size)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, 1 << 20, 0);
    hid_t opened = -1;
    if (H5Pset_file_image(access, data, size) >= 0)
        opened = H5Fopen("model.weights.h5", H5F_ACC_RDONLY, access);
    H5Pclose(access);
    if (opened < 0)
        reply_error(VALUE_ERROR,
                    "%s is damaged: 'model.weights.h5' is not a proper HDF5 file. Copy or download "
                    "it again.",
                    file);
    return opened;
}

/* ---- links ---- */

/* 1: a hard link; 0: nothing there; -1 with an error: anything else. */
static int check_link(hid_t parent, const char *name, const char *shown)
{
    H5L_info_t info;
    htri_t there = H5Lexists(parent, name, H5P_DEFAULT);
    if (there <= 0)
        return (int)there < 0 ? damaged(shown) : 0;
    if (H5Lget_info(parent, name, &info, H5P_DEFAULT) < 0)
        return damaged(shown);
    if (info.type != H5L_TYPE_HARD)
        return reply_error(VALUE_ERROR, "Not allowed: H5 file with %s ('%s').",
                           info.type == H5L_TYPE_SOFT ? "SoftLink" : "ExternalLink", shown);
    return 1;
}

/* Open what a hard link names, if it is of the type wanted. */
static hid_t open_object(hid_t parent, const char *name, H5I_type_t wanted, const char *shown)
{
    int link = check_link(parent, name, shown);
    if (link <= 0)
        return link;
    hid_t object = H5Oopen(parent, name, H5P_DEFAULT);
    if (object < 0)
        return damaged(shown);
    if (H5Iget_type(object) != wanted) {
        H5Oclose(object);
        return reply_error(VALUE_ERROR, "The weights are not in order: '%s' is not a %s.", shown,
                           wanted == H5I_GROUP ? "group" : "dataset");
    }
    return object;
}

hid_t hdf5_group(hid_t parent, const char *path)
{
    hid_t at = parent;
    for (const char *part = path; *part;) {
        size_t length = strcspn(part, "/");
        char name[MAX_NAME];
        if (length >= sizeof name)
            return damaged(path);
        memcpy(name, part, length);
        name[length] = '\0';
        hid_t next = open_object(at, name, H5I_GROUP, path);
        if (at != parent)
            H5Gclose(at);
        if (next <= 0)
            return next;
        at = next;
        part += length + (part[length] == '/');
    }
    return at;
}

int64_t hdf5_link_count(hid_t group, int64_t limit)
{
    H5G_info_t info;
    if (H5Gget_info(group, &info) < 0)
        return damaged("a group");
    if (info.nlinks > (hsize_t)limit)
        return reply_error(VALUE_ERROR, "Not allowed: an H5 group with more than %lld members.",
                           (long long)limit);
    return (int64_t)info.nlinks;
}

int hdf5_link_name(hid_t group, int64_t index, char *name, size_t size)
{
    ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_NATIVE, (hsize_t)index,
                                        name, size, H5P_DEFAULT);
    return length > 0 && (size_t)length < size;
}

int hdf5_has(hid_t group, const char *name)
{
    return H5Lexists(group, name, H5P_DEFAULT) > 0;
}

/* ---- datasets ---- */

static int check_filters(hid_t plist, const char *shown)
{
    int count = H5Pget_nfilters(plist);
    if (count < 0)
        return damaged(shown);
    for (int i = 0; i < count; i++) {
        unsigned flags, config;
        size_t values = 0;
        H5Z_filter_t filter =
            H5Pget_filter2(plist, (unsigned)i, &flags, &values, NULL, 0, NULL, &config);
        if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE)
            return reply_error(VALUE_ERROR,
                               "Not allowed: H5 dataset '%s' uses filter %d; deflate and shuffle "
                               "are read.",
                               shown, (int)filter);
    }
    return 0;
}

static int check_layout(hid_t plist, const char *shown)
{
    hsize_t chunk[MAX_RANK + 1], bytes = 8;
    if (H5Pget_external_count(plist) != 0)
        return reply_error(VALUE_ERROR, "Not allowed: H5 file with external data ('%s').", shown);
    switch (H5Pget_layout(plist)) {
    case H5D_COMPACT:
    case H5D_CONTIGUOUS:
        return 0;
    case H5D_CHUNKED:
        break;
    case H5D_VIRTUAL:
        return reply_error(VALUE_ERROR, "Not allowed: H5 file with a virtual dataset ('%s').",
                           shown);
    default:
        return damaged(shown);
    }
    int rank = H5Pget_chunk(plist, MAX_RANK + 1, chunk);
    if (rank < 1 || rank > MAX_RANK)
        return damaged(shown);
    for (int i = 0; i < rank; i++)
        if (chunk[i] == 0 || chunk[i] > MAX_CHUNK || (bytes *= chunk[i]) > MAX_CHUNK)
            return reply_error(VALUE_ERROR, "Not allowed: H5 dataset '%s' has huge chunks.", shown);
    return check_filters(plist, shown);
}

static int check_type(hid_t dataset, const char *shown)
{
    hid_t type = H5Dget_type(dataset);
    H5T_class_t class = H5Tget_class(type);
    size_t size = H5Tget_size(type);
    H5Tclose(type);
    if ((class == H5T_FLOAT || class == H5T_INTEGER) && size >= 1 && size <= 8)
        return 0;
    return reply_error(VALUE_ERROR, "The weights are not in order: '%s' does not hold numbers.",
                       shown);
}

hid_t hdf5_dataset(hid_t group, const char *name, const char *shown)
{
    hid_t dataset = open_object(group, name, H5I_DATASET, shown);
    if (dataset <= 0)
        return dataset;
    hid_t plist = H5Dget_create_plist(dataset);
    int rc = plist < 0 ? damaged(shown) : check_layout(plist, shown);
    H5Pclose(plist);
    if (rc == 0)
        rc = check_type(dataset, shown);
    if (rc == 0)
        return dataset;
    H5Dclose(dataset);
    return -1;
}

int hdf5_shape(hid_t dataset, int64_t shape[5])
{
    hsize_t lengths[MAX_RANK];
    hid_t space = H5Dget_space(dataset);
    int rank = H5Sget_simple_extent_ndims(space);
    if (rank > MAX_RANK || H5Sget_simple_extent_type(space) == H5S_NULL)
        rank = -1;
    if (rank > 0)
        H5Sget_simple_extent_dims(space, lengths, NULL);
    H5Sclose(space);
    for (int i = 0; i < rank; i++)
        shape[i] = lengths[i] > INT64_MAX ? -1 : (int64_t)lengths[i];
    return rank;
}

int hdf5_read(hid_t dataset, hid_t memory, void *values, const char *shown)
{
    if (H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        return damaged(shown);
    return 0;
}
