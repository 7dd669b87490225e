/* Any bytes as a job of nb-draw: what is read as a figure can be drawn. */
#include <stdint.h>
#include <stdlib.h>
#include "canvas.h"
#include "figure_read.h"
#include "render.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int (*const render[])(canvas *, const nb_figure *) = {
        [NB_CURVES] = draw_curves, [NB_BARS] = draw_bars, [NB_IMAGES] = draw_images,
        [NB_MATRIX] = draw_matrix};
    const char *reason;
    nb_figure *figure = figure_read(data, size, &reason);
    if (!figure)
        return 0;
    if (figure->width <= 800 && figure->height <= 800) {
        canvas *page = canvas_new(CANVAS_PNG, figure->width, figure->height,
                                  figure->kind == NB_IMAGES);
        if (page && render[figure->kind](page, figure) != 0)
            abort();
        canvas_free(page);
    }
    figure_free(figure);
    return 0;
}
