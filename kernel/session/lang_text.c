/* The session's text on its way to the compile children: as a file, so that nothing is copied for a
   cell, and a child that waits may have read it before the cell comes. */
#include "lang_internal.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"
#include "messages.h"

/* --- The worker ----------------------------------------------------------------------------- */

/* A cell may have closed the descriptor, or put something else in its place. */
static bool is_open(const lang_t *lang)
{
    struct stat st;
    return lang->file > 0 && fstat(lang->file, &st) == 0 && st.st_ino == lang->inode &&
           st.st_dev == lang->device;
}

int lang_file(lang_t *lang)
{
    struct stat st;
    bool open = is_open(lang);
    if (open && lang->filed)
        return lang->file;
    if (open)
        close(lang->file);
    lang->filed = false;
    lang->file = channel_move_high(channel_memory_file(lang->text, lang->size), FD_ENGINE_FREE);
    if (lang->file < 0 || fstat(lang->file, &st) < 0)
        return -1;
    lang->filed = true;
    lang->inode = st.st_ino;
    lang->device = st.st_dev;
    return lang->file;
}

/* --- The compile child ---------------------------------------------------------------------- */

static struct {
    session_text text;
    pool pool;
    bool good;
    dev_t device; /* of the file, which lives as long as it is mapped */
    ino_t inode;
} have;

void lang_read(int file)
{
    struct stat st;
    if (fstat(file, &st) < 0 || st.st_size <= 0)
        return;
    if (have.good && st.st_ino == have.inode && st.st_dev == have.device)
        return;
    have.good = false;
    size_t size = (size_t)st.st_size;
    void *data = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
    if (data == MAP_FAILED)
        return;
    pool_free(&have.pool);
    if (setjmp(have.pool.out_of_memory)) {
        pool_free(&have.pool);
        return;
    }
    wire_reader in = wire_read(data, size);
    if (!headers_default() || past_read(&have.pool, &in, &have.text.past) < 0)
        return;
    have.text.names = (names){.below = &headers_default()->names, .pool = &have.pool};
    past_enter(&have.text.past, &have.text.names);
    have.inode = st.st_ino;
    have.device = st.st_dev;
    have.good = true;
}

bool lang__read_text(pool *pool, session_text *out)
{
    if (!have.good)
        return false;
    *out = have.text;
    out->past.pool = out->names.pool = pool;
    return true;
}
