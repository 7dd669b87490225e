#include "archive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "reply.h"

#define END_SIZE     22
#define CENTRAL_SIZE 46
#define LOCAL_SIZE   30
#define MAX_COMMENT  65535
#define STORED       0
#define DEFLATED     8
#define ENCRYPTED    0x0001
#define DESCRIPTOR   0x0008 /* sizes follow the data; the local header has zeros */
#define STRONG       0x0040

typedef struct entry {
    char name[256]; /* cut when longer: such a member is never looked up */
    uint32_t crc;
    uint64_t stored, size;
    uint64_t begin, end; /* of local header and data */
} entry;

struct archive {
    const char *name;
    const unsigned char *data;
    size_t size;
    entry entries[ARCHIVE_MAX_ENTRIES];
    size_t count;
    zip_t *zip;
};

static unsigned u16(const unsigned char *p)
{
    return p[0] | (unsigned)p[1] << 8;
}

static uint32_t u32(const unsigned char *p)
{
    return u16(p) | (uint32_t)u16(p + 2) << 16;
}

const char *size_text(uint64_t size, char text[32])
{
    if (size < 1024)
        snprintf(text, 32, "%llu bytes", (unsigned long long)size);
    else if (size < 1024 * 1024)
        snprintf(text, 32, "%.1f KB", (double)size / 1024);
    else
        snprintf(text, 32, "%.1f MB", (double)size / (1024 * 1024));
    return text;
}

/* ---- the audit ---- */

static int damaged(const archive *self, const char *what)
{
    return reply_error(VALUE_ERROR, "%s is damaged: %s. Copy or download it again.", self->name,
                       what);
}

/* First printable characters, for messages. */
static void printable(char *text, size_t size, const unsigned char *from, size_t length)
{
    size_t at = 0;
    for (size_t i = 0; i < length && at + 1 < size; i++)
        text[at++] = from[i] >= 0x20 && from[i] < 0x7f ? (char)from[i] : '?';
    text[at] = '\0';
}

static int refuse_name(const unsigned char *name, size_t length)
{
    char shown[80];
    printable(shown, sizeof shown, name, length);
    return reply_error(VALUE_ERROR, "Not allowed: archive member name '%s'.", shown);
}

/* Plain relative names only: what an unpacking program would do with others is not our concern
   (nothing is unpacked to disk), but no honest writer makes them. */
static int check_name(const unsigned char *name, size_t length)
{
    if (length == 0 || name[0] == '/' || memchr(name, 0, length) || memchr(name, '\\', length))
        return refuse_name(name, length);
    if (length >= 2 && name[1] == ':')
        return refuse_name(name, length);
    for (size_t start = 0; start < length;) {
        const unsigned char *slash = memchr(name + start, '/', length - start);
        size_t part = slash ? (size_t)(slash - (name + start)) : length - start;
        if (part == 2 && name[start] == '.' && name[start + 1] == '.')
            return refuse_name(name, length);
        start += part + 1;
    }
    return 0;
}

static const unsigned char *find_end(const archive *self)
{
    if (self->size < END_SIZE)
        return NULL;
    size_t lowest = self->size > END_SIZE + MAX_COMMENT ? self->size - END_SIZE - MAX_COMMENT : 0;
    for (size_t at = self->size - END_SIZE + 1; at-- > lowest;) {
        const unsigned char *p = self->data + at;
        if (u32(p) == 0x06054b50 && u16(p + 20) == self->size - at - END_SIZE)
            return p;
    }
    return NULL;
}

static int not_a_zip(const archive *self)
{
    char shown[40];
    static const unsigned char hdf5[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    if (self->size >= 4 && u32(self->data) == 0x04034b50)
        return damaged(self, "the end of the archive is missing (cut short?)");
    if (self->size >= sizeof hdf5 && memcmp(self->data, hdf5, sizeof hdf5) == 0)
        return reply_error(VALUE_ERROR,
                           "%s is a legacy HDF5 model. Re-save it in Python: "
                           "keras.models.load_model('%s').save('model.keras').",
                           self->name, self->name);
    printable(shown, sizeof shown, self->data, self->size < 12 ? self->size : 12);
    return reply_error(VALUE_ERROR, "%s is not a '.keras' zip file (%zu bytes, starts with '%s').",
                       self->name, self->size, shown);
}

/* The local header must say what the central one says. */
static int check_local(const archive *self, const unsigned char *central, entry *e, size_t limit)
{
    uint64_t at = u32(central + 42);
    size_t name_length = u16(central + 28);
    if (at + LOCAL_SIZE > limit)
        return damaged(self, "a member lies outside the file");
    const unsigned char *local = self->data + at;
    unsigned flags = u16(local + 6);
    if (u32(local) != 0x04034b50 || flags != u16(central + 8) ||
        u16(local + 8) != u16(central + 10) || u16(local + 26) != name_length)
        return damaged(self, "its two tables of contents disagree");
    e->begin = at;
    e->end = at + LOCAL_SIZE + name_length + u16(local + 28) + e->stored;
    if (e->end > limit)
        return damaged(self, "a member lies outside the file");
    if (memcmp(local + LOCAL_SIZE, central + CENTRAL_SIZE, name_length) != 0)
        return damaged(self, "its two tables of contents disagree");
    int described = (flags & DESCRIPTOR) != 0;
    const uint32_t told[3] = {e->crc, (uint32_t)e->stored, (uint32_t)e->size};
    for (int i = 0; i < 3; i++) {
        uint32_t here = u32(local + 14 + 4 * i);
        if (here != told[i] && !(described && here == 0))
            return damaged(self, "its two tables of contents disagree");
    }
    return 0;
}

static int check_entry(archive *self, const unsigned char *central, size_t limit)
{
    entry *e = &self->entries[self->count];
    size_t name_length = u16(central + 28);
    const unsigned char *name = central + CENTRAL_SIZE;
    if (check_name(name, name_length) < 0)
        return -1;
    snprintf(e->name, sizeof e->name, "%.*s", (int)name_length, (const char *)name);
    e->crc = u32(central + 16);
    e->stored = u32(central + 20);
    e->size = u32(central + 24);
    if (u16(central + 8) & (ENCRYPTED | STRONG))
        return reply_error(VALUE_ERROR, "Not allowed: archive member '%s' is encrypted.", e->name);
    unsigned method = u16(central + 10);
    if (method != STORED && method != DEFLATED)
        return reply_error(VALUE_ERROR,
                           "Not allowed: archive member '%s' uses compression method %u; stored "
                           "and deflated ones are read.",
                           e->name, method);
    if (e->stored == UINT32_MAX || e->size == UINT32_MAX || u32(central + 42) == UINT32_MAX)
        return reply_error(VALUE_ERROR, "Not allowed: archive member '%s' uses zip64.", e->name);
    if (u16(central + 34) != 0)
        return damaged(self, "it is part of an archive of several disks");
    if (method == STORED && e->stored != e->size)
        return damaged(self, "a stored member has two sizes");
    for (size_t i = 0; i < self->count; i++)
        if (strcmp(self->entries[i].name, e->name) == 0)
            return reply_error(VALUE_ERROR, "Not allowed: archive member '%s' exists twice.",
                               e->name);
    if (check_local(self, central, e, limit) < 0)
        return -1;
    for (size_t i = 0; i < self->count; i++)
        if (e->begin < self->entries[i].end && self->entries[i].begin < e->end)
            return damaged(self, "its members overlap");
    self->count++;
    return 0;
}

static int audit(archive *self)
{
    const unsigned char *end = find_end(self);
    if (!end)
        return not_a_zip(self);
    size_t end_at = (size_t)(end - self->data);
    unsigned count = u16(end + 10);
    uint64_t directory = u32(end + 16), directory_size = u32(end + 12);
    if (u16(end + 4) != 0 || u16(end + 6) != 0 || u16(end + 8) != count)
        return damaged(self, "it is part of an archive of several disks");
    if (count == 0xffff || directory == UINT32_MAX || directory_size == UINT32_MAX)
        return reply_error(VALUE_ERROR, "Not allowed: %s uses zip64.", self->name);
    if (count > ARCHIVE_MAX_ENTRIES)
        return reply_error(VALUE_ERROR, "Not allowed: %s has %u members; at most %d are read.",
                           self->name, count, ARCHIVE_MAX_ENTRIES);
    if (directory + directory_size > end_at)
        return damaged(self, "its table of contents lies outside the file");
    uint64_t at = directory, stop = directory + directory_size;
    for (unsigned i = 0; i < count; i++) {
        const unsigned char *central = self->data + at;
        if (at + CENTRAL_SIZE > stop || u32(central) != 0x02014b50)
            return damaged(self, "its table of contents is cut short");
        uint64_t length =
            (uint64_t)CENTRAL_SIZE + u16(central + 28) + u16(central + 30) + u16(central + 32);
        if (at + length > stop)
            return damaged(self, "its table of contents is cut short");
        if (check_entry(self, central, directory) < 0)
            return -1;
        at += length;
    }
    return at == stop ? 0 : damaged(self, "its table of contents has a wrong length");
}

/* ---- reading ---- */

archive *archive_open(const char *name, const void *data, size_t size)
{
    archive *self = calloc(1, sizeof *self);
    if (!self)
        return reply_null(MEMORY_ERROR, "Out of memory.");
    self->name = name;
    self->data = data;
    self->size = size;
    if (audit(self) == 0) {
        zip_error_t error;
        zip_error_init(&error);
        zip_source_t *source = zip_source_buffer_create(data, size, 0, &error);
        self->zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
        if (source && !self->zip)
            zip_source_free(source);
        zip_error_fini(&error);
        if (self->zip)
            return self;
        damaged(self, "it is not a proper zip file");
    }
    archive_close(self);
    return NULL;
}

void archive_close(archive *self)
{
    if (!self)
        return;
    if (self->zip)
        zip_discard(self->zip);
    free(self);
}

static const entry *find(const archive *self, const char *member)
{
    for (size_t i = 0; i < self->count; i++)
        if (strcmp(self->entries[i].name, member) == 0)
            return &self->entries[i];
    return NULL;
}

int archive_has(const archive *self, const char *member)
{
    return find(self, member) != NULL;
}

static int check_size(const entry *e, size_t limit)
{
    char declared[32], stored[32];
    if (e->size > (e->stored ? e->stored : 1) * ARCHIVE_MAX_EXPANSION)
        return reply_error(VALUE_ERROR,
                           "Not allowed: archive member '%s' declares %s but only %s are stored; "
                           "refusing a potential decompression bomb.",
                           e->name, size_text(e->size, declared), size_text(e->stored, stored));
    if (e->size > limit)
        return reply_error(VALUE_ERROR,
                           "Not allowed: archive member '%s' has %s; at most %s are read.", e->name,
                           size_text(e->size, declared), size_text(limit, stored));
    return 0;
}

static int unpack(archive *self, const entry *e, unsigned char *data)
{
    zip_file_t *file = zip_fopen(self->zip, e->name, 0);
    if (!file)
        return damaged(self, "a member cannot be opened");
    uint64_t done = 0;
    zip_int64_t got = 0;
    while (done < e->size && (got = zip_fread(file, data + done, e->size - done)) > 0)
        done += (uint64_t)got;
    unsigned char extra;
    /* The read that meets the end is the one that checks the CRC. */
    if (got >= 0)
        got = zip_fread(file, &extra, 1);
    int crc = zip_error_code_zip(zip_file_get_error(file)) == ZIP_ER_CRC;
    zip_fclose(file);
    if (crc)
        return reply_error(VALUE_ERROR,
                           "%s is damaged: '%s' fails its CRC check. Copy or download it again.",
                           self->name, e->name);
    if (got != 0 || done != e->size)
        return reply_error(VALUE_ERROR,
                           "%s is damaged: '%s' does not unpack to its %llu bytes. Copy or "
                           "download it again.",
                           self->name, e->name, (unsigned long long)e->size);
    return 0;
}

unsigned char *archive_read(archive *self, const char *member, size_t limit, size_t *size)
{
    const entry *e = find(self, member);
    if (!e)
        return reply_null(VALUE_ERROR, "%s has no '%s'.", self->name, member);
    if (check_size(e, limit) < 0)
        return NULL;
    unsigned char *data = malloc(e->size + 1);
    if (!data)
        return reply_null(MEMORY_ERROR, "%s: no memory for '%s'.", self->name, member);
    if (unpack(self, e, data) < 0) {
        free(data);
        return NULL;
    }
    data[e->size] = '\0';
    *size = e->size;
    return data;
}

unsigned char *read_whole_file(int fd, const char *name, size_t min, size_t max, size_t *size)
{
    struct stat info;
    char found[32], limit[32];
    if (fstat(fd, &info) < 0)
        return reply_null(OS_ERROR, "%s could not be read: %s.", name, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return reply_null(OS_ERROR, "%s is not a regular file.", name);
    size_t length = (size_t)info.st_size;
    if (length < min)
        return reply_null(VALUE_ERROR, "%s is not a '.keras' zip file (%zu bytes).", name, length);
    if (length > max)
        return reply_null(VALUE_ERROR, "Not allowed: %s has %s; at most %s are read.", name,
                          size_text(length, found), size_text(max, limit));
    unsigned char *data = malloc(length + 1);
    if (!data)
        return reply_null(MEMORY_ERROR, "%s: no memory for %s.", name, size_text(length, found));
    size_t done = 0;
    while (done < length) {
        ssize_t got = pread(fd, data + done, length - done, (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            free(data);
            return reply_null(OS_ERROR, "%s could not be read: %s.", name,
                              got < 0 ? strerror(errno) : "it became shorter");
        }
        done += (size_t)got;
    }
    data[length] = '\0';
    *size = length;
    return data;
}
