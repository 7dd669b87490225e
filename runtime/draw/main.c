/*
 * nb-draw: draw one figure.
 *
 *     nb-draw figure png|pdf|svg  < JOB  > PICTURE
 *
 * Exit status 0 and the picture on stdout, or 1 and "KIND\nmessage" (job.h).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "canvas.h"
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

static int draw(const nb_figure *figure, canvas_format format)
{
    static int (*const draw_kind[])(canvas *, const nb_figure *) = {
        [NB_CURVES] = draw_curves, [NB_BARS] = draw_bars, [NB_IMAGES] = draw_images,
        [NB_MATRIX] = draw_matrix};
    canvas *page = canvas_new(format, figure->width, figure->height, figure->kind == NB_IMAGES);
    if (!page)
        return fail("MemoryError", "nb-draw: no memory for the picture");
    int status = 0;
    if (!canvas_has_font(page))
        status = fail("OSError", "no font is installed; install one, such as the package "
                                 "fonts-dejavu-core");
    else if (draw_kind[figure->kind](page, figure) != 0)
        status = fail("MemoryError", "nb-draw: no memory for the picture");
    else if (canvas_write(page, 1) != 0)
        status = fail("OSError", "nb-draw: the picture could not be written");
    canvas_free(page);
    return status;
}

int main(int argc, char **argv)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* nobody waits for the picture any more */
    fonts_prepare();
    static const char *const formats[] = {"png", "pdf", "svg"};
    int format = 0;
    while (argc == 3 && format < 3 && strcmp(argv[2], formats[format]) != 0)
        format++;
    if (argc != 3 || format == 3 || strcmp(argv[1], "figure") != 0)
        return fail("OSError", "usage: nb-draw figure png|pdf|svg < JOB > PICTURE");
    size_t size;
    const char *reason = NULL;
    char *bytes = read_all(0, &size);
    if (!bytes)
        return fail("MemoryError", "nb-draw: no memory for the job");
    nb_figure *figure = figure_read(bytes, size, &reason);
    free(bytes);
    if (!figure)
        return fail("OSError", reason);
    int status = draw(figure, (canvas_format)format);
    figure_free(figure);
    return status;
}
