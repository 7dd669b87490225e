#include "byte_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef NN_HAVE_ZLIB
#include <zlib.h>
#endif

#include "error.h"
#include "nb/host.h"

#define BLOCK ((size_t)256 << 10)

struct nn_byte_source {
    int fd;
    char *name;
    size_t stored_size;
    int gz;
    int at_start; /* nothing was read yet: look for a web page */
    int ended;    /* gz: the last member is complete */
#ifdef NN_HAVE_ZLIB
    z_stream stream;
    int inflating; /* inflateInit was done */
    unsigned char block[BLOCK];
#endif
};

static nn_status read_error(const nn_byte_source *source)
{
    return nn__fail(NN_OS_ERROR, "%s could not be read: %s.", source->name, strerror(errno));
}

/* read() until SIZE bytes or the end of the file are there. */
static nn_status read_fully(nn_byte_source *source, void *buffer, size_t size, size_t *got)
{
    char *to = buffer;
    *got = 0;
    while (*got < size) {
        if (nb_interrupted())
            return nn__fail(NN_INTERRUPTED, "Interrupted.");
        size_t want = size - *got < (BLOCK << 4) ? size - *got : BLOCK << 4;
        ssize_t count = read(source->fd, to + *got, want);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return read_error(source);
        if (count == 0)
            break;
        *got += (size_t)count;
    }
    return NN_OK;
}

/* ---- .gz ---- */

#ifdef NN_HAVE_ZLIB
static nn_status start_gz(nn_byte_source *source)
{
    int rc = inflateInit2(&source->stream, 15 + 16);
    if (rc != Z_OK)
        return nn__fail(NN_MEMORY_ERROR, "%s: no memory for zlib.", source->name);
    source->inflating = 1;
    return NN_OK;
}

static nn_status refill(nn_byte_source *source)
{
    size_t got;
    nn_status status = read_fully(source, source->block, BLOCK, &got);
    source->stream.next_in = source->block;
    source->stream.avail_in = (uInt)got;
    return status;
}

static nn_status damaged(const nn_byte_source *source, const char *how)
{
    return nn__fail(NN_VALUE_ERROR, "%s is damaged: %s. Copy or download it again.", source->name,
                    how);
}

/* A member has ended: the file ends too, or another member follows. */
static nn_status next_member(nn_byte_source *source)
{
    z_stream *z = &source->stream;
    if (z->avail_in < 2) { /* the next magic number may be cut by the block */
        unsigned char first = z->avail_in ? z->next_in[0] : 0;
        size_t kept = z->avail_in, got;
        source->block[0] = first;
        nn_status status = read_fully(source, source->block + kept, BLOCK - kept, &got);
        if (status != NN_OK)
            return status;
        z->next_in = source->block;
        z->avail_in = (uInt)(kept + got);
    }
    if (z->avail_in == 0) {
        source->ended = 1;
        return NN_OK;
    }
    if (z->avail_in < 2 || z->next_in[0] != 0x1f || z->next_in[1] != 0x8b)
        return damaged(source, "other bytes follow the compressed data");
    return inflateReset(z) == Z_OK ? NN_OK : damaged(source, "its compressed data is broken");
}

static nn_status read_gz(nn_byte_source *source, void *buffer, size_t size, size_t *got)
{
    z_stream *z = &source->stream;
    *got = 0;
    while (*got < size && !source->ended) {
        if (nb_interrupted())
            return nn__fail(NN_INTERRUPTED, "Interrupted.");
        if (z->avail_in == 0) {
            nn_status status = refill(source);
            if (status != NN_OK)
                return status;
            if (z->avail_in == 0)
                return damaged(source, "its compressed data is cut short");
        }
        size_t want = size - *got < (BLOCK << 4) ? size - *got : BLOCK << 4;
        z->next_out = (Bytef *)buffer + *got;
        z->avail_out = (uInt)want;
        int rc = inflate(z, Z_NO_FLUSH);
        *got += want - z->avail_out;
        if (rc == Z_STREAM_END) {
            nn_status status = next_member(source);
            if (status != NN_OK)
                return status;
        } else if (rc == Z_MEM_ERROR) {
            return nn__fail(NN_MEMORY_ERROR, "%s: no memory for zlib.", source->name);
        } else if (rc != Z_OK && rc != Z_BUF_ERROR) {
            return damaged(source, "its compressed data is broken");
        }
    }
    return NN_OK;
}
#else
static nn_status start_gz(nn_byte_source *source)
{
    return nn__fail(NN_VALUE_ERROR,
                    "%s is gzip-compressed and this build has no zlib. Run: gunzip %s",
                    source->name, source->name);
}

static nn_status read_gz(nn_byte_source *source, void *buffer, size_t size, size_t *got)
{
    (void)buffer, (void)size;
    *got = 0;
    return start_gz(source);
}
#endif

/* ---- both kinds ---- */

static int looks_like_a_web_page(const char *text, size_t size)
{
    while (size > 0 && strchr(" \t\r\n\xef\xbb\xbf", *text) && *text)
        text++, size--;
    /* The first read may be as short as an IDX header. */
    return size >= 5 && (strncasecmp(text, "<!doc", 5) == 0 || strncasecmp(text, "<html", 5) == 0);
}

nn_status nn__byte_source_open(int fd, const char *name, nn_byte_source **source)
{
    *source = NULL;
    nn_byte_source *self = calloc(1, sizeof *self);
    char *copy = strdup(name);
    if (!self || !copy) {
        free(self);
        free(copy);
        close(fd);
        return nn__fail(NN_MEMORY_ERROR, "%s: out of memory.", name);
    }
    self->fd = fd;
    self->name = copy;
    self->at_start = 1;
    struct stat info;
    unsigned char magic[2];
    nn_status status = NN_OK;
    if (fstat(fd, &info) < 0)
        status = read_error(self);
    else if (!S_ISREG(info.st_mode))
        status = nn__fail(NN_OS_ERROR, "%s is not a regular file.", name);
    else
        self->stored_size = (size_t)info.st_size;
    if (status == NN_OK && pread(fd, magic, 2, 0) == 2 && magic[0] == 0x1f && magic[1] == 0x8b) {
        self->gz = 1;
        status = start_gz(self);
    }
    if (status != NN_OK) {
        nn__byte_source_close(self);
        return status;
    }
    *source = self;
    return NN_OK;
}

nn_status nn__byte_source_read(nn_byte_source *source, void *buffer, size_t size, size_t *got)
{
    nn_status status =
        source->gz ? read_gz(source, buffer, size, got) : read_fully(source, buffer, size, got);
    if (status == NN_OK && source->at_start && *got > 0) {
        source->at_start = 0;
        if (looks_like_a_web_page(buffer, *got))
            return nn__fail(NN_VALUE_ERROR,
                            "%s is a web page, not data: a download went wrong. Delete it.",
                            source->name);
    }
    return status;
}

size_t nn__byte_source_stored_size(const nn_byte_source *source)
{
    return source->stored_size;
}

int nn__byte_source_is_gz(const nn_byte_source *source)
{
    return source->gz;
}

void nn__byte_source_close(nn_byte_source *source)
{
    if (!source)
        return;
#ifdef NN_HAVE_ZLIB
    if (source->inflating)
        inflateEnd(&source->stream);
#endif
    close(source->fd);
    free(source->name);
    free(source);
}
