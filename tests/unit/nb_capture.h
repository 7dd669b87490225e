/* A host that keeps what was displayed, for tests. */
#ifndef NB_CAPTURE_H
#define NB_CAPTURE_H

#include <stdlib.h>
#include <string.h>
#include "nb/host.h"

enum { CAPTURED_MOST = 64 };

typedef struct captured {
    char *plain, *html, *latex; /* NULL where the bundle had no such part */
    char *png;
    size_t png_size;
    int png_width, png_height;
    unsigned id;
    int update;
} captured;

typedef struct capture {
    captured shown[CAPTURED_MOST];
    int count; /* all displays, even those beyond the room */
    int cleared;
    char printed[4096];
    int interrupted, silent;
} capture;

static char *capture_copy(const nb_part *part)
{
    char *copy = malloc(part->size + 1);
    memcpy(copy, part->data, part->size);
    copy[part->size] = '\0';
    return copy;
}

static void capture_display(void *self, const nb_bundle *bundle, unsigned id, int update)
{
    capture *c = self;
    if (c->count++ >= CAPTURED_MOST)
        return;
    captured *shown = &c->shown[c->count - 1];
    *shown = (captured){.id = id, .update = update};
    for (size_t i = 0; i < bundle->count; i++) {
        const nb_part *part = &bundle->parts[i];
        if (strcmp(part->mime, "text/plain") == 0)
            shown->plain = capture_copy(part);
        if (strcmp(part->mime, "text/html") == 0)
            shown->html = capture_copy(part);
        if (strcmp(part->mime, "text/latex") == 0)
            shown->latex = capture_copy(part);
        if (strcmp(part->mime, "image/png") == 0) {
            shown->png = capture_copy(part);
            shown->png_size = part->size;
            shown->png_width = part->width;
            shown->png_height = part->height;
        }
    }
}

static void capture_clear(void *self, int wait)
{
    ((capture *)self)->cleared += 1 + wait;
}

static int capture_interrupted(void *self)
{
    return ((capture *)self)->interrupted;
}

static int capture_silent(void *self)
{
    return ((capture *)self)->silent;
}

static void capture_print(void *self, const char *text, size_t size)
{
    capture *c = self;
    strncat(c->printed, text, size < sizeof c->printed - strlen(c->printed) - 1
                                  ? size : sizeof c->printed - strlen(c->printed) - 1);
}

static inline void capture_begin(capture *c)
{
    memset(c, 0, sizeof *c);
    nb_host_set(&(nb_host){.self = c, .display = capture_display, .clear_output = capture_clear,
                           .interrupted = capture_interrupted, .silent = capture_silent,
                           .print = capture_print});
}

static inline void capture_end(capture *c)
{
    nb_host_set(NULL);
    for (int i = 0; i < c->count && i < CAPTURED_MOST; i++) {
        free(c->shown[i].plain);
        free(c->shown[i].html);
        free(c->shown[i].latex);
        free(c->shown[i].png);
    }
}

/* Every tag of HTML is one that JupyterLab keeps in an untrusted notebook, no attribute is an event
   handler, class or id, and nothing is left open as "<" without being a tag. */
static inline int html_is_allowed(const char *html)
{
    static const char *const allowed[] = {"div", "span", "table", "thead", "tbody", "tr", "td",
                                          "th", "img", "progress", "meter", "details", NULL};
    for (const char *s = strchr(html, '<'); s; s = strchr(s + 1, '<')) {
        const char *name = s[1] == '/' ? s + 2 : s + 1;
        size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
        int known = 0;
        for (int i = 0; allowed[i]; i++)
            known |= strlen(allowed[i]) == length && strncmp(allowed[i], name, length) == 0;
        const char *end = strchr(s, '>');
        if (!known || !end)
            return 0;
        for (const char *attribute = name + length; attribute < end;) {
            attribute += strspn(attribute, " /");
            size_t size = strcspn(attribute, "=> ");
            if (size >= 2 && strncmp(attribute, "on", 2) == 0)
                return 0;
            if ((size == 2 && strncmp(attribute, "id", 2) == 0) ||
                (size == 5 && strncmp(attribute, "class", 5) == 0))
                return 0;
            attribute += size;
            if (*attribute == '=' && attribute[1] == '"')
                attribute += 2 + strcspn(attribute + 2, "\"") + 1;
            else if (size == 0)
                break;
        }
    }
    return 1;
}

/* Printable ASCII and newlines only, no line longer than 80. */
static inline int plain_is_ascii_80(const char *text)
{
    size_t column = 0;
    for (; *text; text++) {
        column = *text == '\n' ? 0 : column + 1;
        if (column > 80 || (*text != '\n' && (*text < 0x20 || *text > 0x7E)))
            return 0;
    }
    return 1;
}

#endif
