#include "archive_write.h"

#include <stdlib.h>
#include <zip.h>

#include "reply.h"

#define DOS_DATE   0x21                             /* 1980-01-01, the earliest there is */
#define ATTRIBUTES ((zip_uint32_t)(0600u << 16)) /* -rw------- */

static int add(zip_t *zip, const archive_member *member)
{
    zip_source_t *source = zip_source_buffer(zip, member->data, member->size, 0);
    if (!source)
        return 0;
    zip_int64_t index = zip_file_add(zip, member->name, source, 0);
    if (index < 0) {
        zip_source_free(source);
        return 0;
    }
    zip_uint64_t at = (zip_uint64_t)index;
    return zip_set_file_compression(zip, at, ZIP_CM_STORE, 0) == 0 &&
           zip_file_set_dostime(zip, at, 0, DOS_DATE, 0) == 0 &&
           zip_file_set_external_attributes(zip, at, 0, ZIP_OPSYS_UNIX, ATTRIBUTES) == 0;
}

/* The bytes that zip_close() left in the buffer source. */
static unsigned char *bytes_of(zip_source_t *source, size_t *size)
{
    zip_stat_t info;
    if (zip_source_stat(source, &info) < 0 || !(info.valid & ZIP_STAT_SIZE) ||
        zip_source_open(source) < 0)
        return NULL;
    unsigned char *data = malloc(info.size);
    if (data && zip_source_read(source, data, info.size) != (zip_int64_t)info.size) {
        free(data);
        data = NULL;
    }
    zip_source_close(source);
    *size = info.size;
    return data;
}

unsigned char *archive_write(const archive_member *members, size_t count, size_t *size)
{
    zip_error_t error;
    zip_error_init(&error);
    unsigned char *data = NULL;
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_TRUNCATE, &error) : NULL;
    if (zip) {
        int ok = 1;
        zip_source_keep(source);
        for (size_t i = 0; ok && i < count; i++)
            ok = add(zip, &members[i]);
        if (ok && zip_close(zip) == 0)
            data = bytes_of(source, size);
        else
            zip_discard(zip);
    }
    zip_source_free(source);
    zip_error_fini(&error);
    return data ? data : reply_null(MEMORY_ERROR, "The archive could not be built (no memory?).");
}
