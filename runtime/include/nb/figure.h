/**
 * @file figure.h
 * Plot training curves, histograms, images and confusion matrices.
 *
 * A figure is a PNG picture at twice the resolution of its place on the page, with a text form
 * that has the same numbers. It is drawn by nb-draw, a program of its own; where that one or its
 * fonts are missing, the text form is shown with one line that says why. The same data give the
 * same bytes.
 *
 * Everything handed over stays the caller's.
 */
#ifndef NB_FIGURE_H
#define NB_FIGURE_H

#include <stddef.h>
#include "nn/metrics.h"
#include "nn/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Further forms of a figure, beside PNG and text; may be added up. */
enum {
    FIG_PDF = 1, /**< application/pdf as well: lines stay sharp in a LaTeX document */
    FIG_SVG = 2  /**< image/svg+xml as well, and PDF, which conversion to LaTeX then needs */
};

/** Options of the plots; zero means default. */
typedef struct plot_opts {
    const char *title;   /**< line above the plot; default: says what is plotted */
    const char *x_label; /**< name of the horizontal axis, with unit */
    const char *y_label; /**< name of the vertical axis, with unit */
    int bins;            /**< histograms: number of bins, 1 to 200; default 10 */
    int formats;         /**< FIG_PDF, FIG_SVG; default: PNG and text only */
    int width;           /**< CSS pixels, 200 to 2000; default 480 */
    int height;          /**< CSS pixels, 150 to 2000; default 300 */
} plot_opts;

/**
 * Plot series of a training run against the epoch.
 *
 * Validation series are orange with square marks, training series blue with round ones.
 *
 * @param history  from model_fit()
 * @param names    NULL-terminated list of "loss", "accuracy", "val_loss", "val_accuracy"; at most 8
 * @param opts     options
 * @return         NN_OK, also when only the text could be shown; NN_VALUE_ERROR (history NULL or
 *                 without a complete epoch, no name, or a name that was not recorded: the message
 *                 lists the valid ones); NN_MEMORY_ERROR; NN_INTERRUPTED
 */
NN_API nn_status nb_plot_history(const history_t *history, const char *const *names,
                                 plot_opts opts);

/** What plot_history() takes: up to eight names of series, then options; zero means default. */
typedef struct history_plot {
    const char *name_1, *name_2, *name_3, *name_4; /**< "loss", "val_loss", ... */
    const char *name_5, *name_6, *name_7, *name_8;
    int formats;         /**< FIG_PDF, FIG_SVG; default: PNG and text only */
    int width;           /**< CSS pixels, 200 to 2000; default 480 */
    int height;          /**< CSS pixels, 150 to 2000; default 300 */
    const char *title;   /**< line above the plot; default: says what is plotted */
    const char *x_label; /**< name of the horizontal axis; default "epoch" */
    const char *y_label; /**< name of the vertical axis */
    int reserved;        /**< leave zero */
} history_plot;

/**
 * Plot series of a training run, names and options in one structure.
 *
 * @return as nb_plot_history()
 */
NN_API nn_status nb_plot_history_with(const history_t *history, history_plot plot);

/**
 * Plot how often values occur.
 *
 * Integers that span no more than 200 values get one bar each if `bins` is their number; other
 * values are counted in `bins` intervals of equal width, closed on the left, the last on both
 * sides, as NumPy's histogram does.
 *
 * @param x     any tensor; NaN is not counted
 * @param opts  options
 * @return      NN_OK, also when only the text could be shown; NN_VALUE_ERROR (invalid tensor,
 *              nothing to count, options out of range); NN_MEMORY_ERROR; NN_INTERRUPTED
 */
NN_API nn_status nb_plot_hist(tensor_t x, plot_opts opts);

/** Options of nb_imshow_grid(); zero means default. */
typedef struct imshow_opts {
    int rows;             /**< rows of images, 1 to 50; default 2 */
    int cols;             /**< images in a row, 1 to 50; default 5 */
    int first;            /**< index of the first image considered; default 0 */
    int one_per_class;    /**< nonzero: the first image of each label, in order of the labels */
    tensor_t predictions; /**< answers (N), shown beside the label; default: none */
    int only_wrong;       /**< nonzero: only images whose prediction differs from the label */
    int light_on_dark;    /**< nonzero: 0 is black, as stored; default: 0 is white, like paper */
    const char *title;    /**< line above the grid */
    int formats;          /**< FIG_PDF, FIG_SVG; default: PNG and text only */
} imshow_opts;

/**
 * Show images in a grid, their labels above.
 *
 * @param x     images (N, height, width) or (N, height, width, 1); uint8 as stored, floats from 0
 *              to 1 (or from their smallest to their largest value where they go beyond)
 * @param y     labels (N); a tensor of rank 0: none
 * @param opts  options
 * @return      NN_OK, also when only the text could be shown; NN_VALUE_ERROR (shapes that do not
 *              fit, only_wrong without predictions, images above 512 x 512); NN_MEMORY_ERROR;
 *              NN_INTERRUPTED
 */
NN_API nn_status nb_imshow_grid(tensor_t x, tensor_t y, imshow_opts opts);

/**
 * Plot which class was answered for which: rows true, columns predicted.
 *
 * The diagonal is blue, shaded by the share of its class that was answered right; the mistakes are
 * orange, shaded by their largest count, so that they stay visible beside a thousand right answers.
 *
 * @param y_true  labels (N), integers from 0 to 49
 * @param y_pred  answers (N), the same
 * @param opts    options
 * @return        as nb_plot_hist()
 */
NN_API nn_status nb_plot_confusion_matrix(tensor_t y_true, tensor_t y_pred, plot_opts opts);

/** What a figure shows. */
typedef enum nb_figure_kind {
    NB_CURVES = 0, /**< series against 1, 2, 3, ... */
    NB_BARS = 1,   /**< one series of counts, a bar each */
    NB_IMAGES = 2, /**< grey images in a grid */
    NB_MATRIX = 3  /**< a square matrix of counts, in one series row by row */
} nb_figure_kind;

/** A list of numbers with a name. */
typedef struct nb_series {
    const char *name; /**< shown in the legend; those that start with "val_" are orange */
    const double *values;
    size_t count;
} nb_series;

/** A figure as plain data. Unused members stay zero. */
typedef struct nb_figure {
    nb_figure_kind kind;
    const char *title, *x_label, *y_label; /**< NULL for none */
    int width, height;                     /**< CSS pixels */
    const nb_series *series;
    size_t series_count;
    const char *const *labels; /**< of bars, classes or images */
    size_t label_count;
    double x_low, x_high; /**< bars without labels: the interval that they divide */
    int rows, cols;                 /**< of the grid of images */
    int image_height, image_width;  /**< pixels of one image */
    const unsigned char *pixels;    /**< all images, one after the other; 0 is black */
    const unsigned char *emphasis;  /**< per image: nonzero prints its label in bold; or NULL */
    size_t image_count;
    int zoom;                       /**< CSS pixels per pixel of an image, 1 to 16 */
} nb_figure;

/**
 * Show a figure of your own.
 *
 * @param figure   what to draw
 * @param text     its text form, with the numbers
 * @param formats  FIG_PDF, FIG_SVG or 0
 * @return         NN_OK, also when only the text could be shown; NN_VALUE_ERROR (a size out of
 *                 range); NN_MEMORY_ERROR; NN_INTERRUPTED
 */
NN_API nn_status nb_figure_show(const nb_figure *figure, const char *text, int formats);

#ifdef __cplusplus
}
#endif
#endif
