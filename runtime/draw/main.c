/*
 * nb-draw: draw one figure, or one document.
 *
 *     nb-draw figure png|pdf|svg  < JOB  > PICTURE
 *     nb-draw document            < JOB  > "pages N\n" and the PDF
 *
 * Exit status 0 and the result on stdout, or 1 and "KIND\nmessage" (job.h).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "canvas.h"
#include "document_draw.h"
#include "document_read.h"
#include "figure_read.h"
#include "fonts.h"
#include "render.h"

enum { MOST_INPUT = 64 << 20 };

static int fail(const char *kind, const char *message)
{
    printf("%s\n%s", kind, message);
    return 1;
}

static char *read_all(int fd, size_t *size)
{
    char *bytes = NULL;
    size_t capacity = 0;
    *size = 0;
    for (;;) {
        if (*size == capacity) {
            capacity = capacity ? 2 * capacity : 1 << 16;
            char *grown = capacity > MOST_INPUT ? NULL : realloc(bytes, capacity);
            if (!grown) {
                free(bytes);
                return NULL;
            }
            bytes = grown;
        }
        ssize_t got = read(fd, bytes + *size, capacity - *size);
        if (got <= 0)
            return bytes;
        *size += (size_t)got;
    }
}

static int no_memory(void)
{
    return fail("MemoryError", "nb-draw: no memory for the picture");
}

static int no_font(void)
{
    return fail("OSError", "no font is installed; install one, such as the package "
                           "fonts-dejavu-core");
}

static int draw_figure(const nb_figure *figure, canvas_format format)
{
    static int (*const draw_kind[])(canvas *, const nb_figure *) = {
        [NB_CURVES] = draw_curves, [NB_BARS] = draw_bars, [NB_IMAGES] = draw_images,
        [NB_MATRIX] = draw_matrix};
    canvas *page = canvas_new(format, figure->width, figure->height, figure->kind == NB_IMAGES);
    if (!page)
        return no_memory();
    int status = 0;
    if (!canvas_has_font(page))
        status = no_font();
    else if (draw_kind[figure->kind](page, figure) != 0)
        status = no_memory();
    else if (canvas_write(page, 1) != 0)
        status = fail("OSError", "nb-draw: the picture could not be written");
    canvas_free(page);
    return status;
}

static int figure_job(const char *bytes, size_t size, canvas_format format)
{
    const char *reason = NULL;
    nb_figure *figure = figure_read(bytes, size, &reason);
    if (!figure)
        return fail("OSError", reason);
    int status = draw_figure(figure, format);
    figure_free(figure);
    return status;
}

static int draw_pages(canvas *page, const document *d)
{
    char why[400] = "";
    if (!canvas_has_font(page))
        return no_font();
    const char *title = d->count && d->blocks[0].kind == BLOCK_TITLE ? d->blocks[0].text : NULL;
    canvas_describe(page, title, d->author, d->date);
    int pages = document_draw(page, d, why, sizeof why);
    if (pages == 0)
        return fail("ValueError", why);
    if (pages < 0)
        return no_memory();
    printf("pages %d\n", pages);
    if (fflush(stdout) != 0 || canvas_write(page, 1) != 0)
        return fail("OSError", "nb-draw: the document could not be written");
    return 0;
}

static int document_job(const char *bytes, size_t size)
{
    const char *reason = NULL;
    document *d = document_read(bytes, size, &reason);
    if (!d)
        return fail("OSError", reason);
    canvas *page = canvas_new(CANVAS_PDF, d->width, d->height, 0);
    int status = page ? draw_pages(page, d) : no_memory();
    canvas_free(page);
    document_free(d);
    return status;
}

int main(int argc, char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* nobody waits for the picture any more */
    fonts_prepare();
    static const char *const formats[] = {"png", "pdf", "svg"};
    int document = argc == 2 && strcmp(argv[1], "document") == 0, format = 0;
    while (argc == 3 && format < 3 && strcmp(argv[2], formats[format]) != 0)
        format++;
    if (!document && (argc != 3 || format == 3 || strcmp(argv[1], "figure") != 0))
        return fail("OSError", "usage: nb-draw figure png|pdf|svg < JOB > PICTURE, or "
                               "nb-draw document < JOB > PAGES");
    size_t size;
    char *bytes = read_all(0, &size);
    if (!bytes)
        return no_memory();
    int status = document ? document_job(bytes, size)
                          : figure_job(bytes, size, (canvas_format)format);
    free(bytes);
    return status;
}
