/**
 * @file display.h
 * Show values, tables and pictures in the notebook.
 *
 * A display goes to the front end in several forms at once (a bundle): it picks the richest that
 * it can show. Every bundle has a text/plain form that is meaningful alone; a program without a
 * notebook prints that form to stdout.
 *
 * In cells, display(x) calls the function that fits the type of x; a trailing expression of one of
 * these types is shown in the same way.
 */
#ifndef NB_DISPLAY_H
#define NB_DISPLAY_H

#include <stddef.h>
#include "nb/host.h"
#include "nn/bench.h"
#include "nn/dataset.h"
#include "nn/metrics.h"
#include "nn/model.h"
#include "nn/quantize.h"
#include "nn/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Show a bundle.
 *
 * Nothing is shown in a silent cell. Without a host the text/plain form goes to stdout.
 *
 * @param bundle  the forms; one of them must be text/plain
 * @return        NN_OK; NN_VALUE_ERROR: no text/plain form, or image/svg+xml without
 *                application/pdf beside it (conversion to LaTeX would need another program)
 */
NN_API nn_status nb_display(const nb_bundle *bundle);

/**
 * Show a bundle that can be replaced later in the same cell.
 *
 * @param bundle  as for nb_display()
 * @param id      a number from nb_display_new_id()
 * @param update  0 to show it, 1 to replace what was shown under @p id; without a host, and in
 *                front ends that cannot replace (consoles), updates show nothing
 * @return        as nb_display()
 */
NN_API nn_status nb_display_id(const nb_bundle *bundle, unsigned id, int update);

/** Return a new number for nb_display_id(), never 0, unique within this process. */
NN_API unsigned nb_display_new_id(void);

/** Show a text as it is (text/plain). @param text  UTF-8 @return NN_OK */
NN_API nn_status nb_display_text(const char *text);

/** Options of nb_display_mime(); zero means default. */
typedef struct nb_mime_opts {
    const char *text; /**< the text/plain form; default "audio/wav, 12,345 bytes" */
    int width;        /**< width in CSS pixels; 0: the picture's own */
    int height;       /**< height in CSS pixels; 0: the picture's own */
} nb_mime_opts;

/**
 * Show data of any MIME type: audio, Vega-Lite, a picture read from a file.
 *
 * image/svg+xml is sent inside an HTML image, so that it shows in untrusted notebooks and does not
 * disturb conversion to LaTeX.
 *
 * @param type  MIME type, such as "image/png" or "application/vnd.vegalite.v5+json"
 * @param data  bytes; UTF-8 for text and JSON types; pictures raw, not base64
 * @param size  number of bytes
 * @param opts  options; NULL for the defaults
 * @return      NN_OK; NN_VALUE_ERROR (type is empty, or has no slash); NN_MEMORY_ERROR
 */
NN_API nn_status nb_display_mime(const char *type, const void *data, size_t size,
                                 const nb_mime_opts *opts);

/** Clear what the cell has shown. @param wait  nonzero: only when the next output arrives. */
NN_API void nb_clear_output(int wait);

/*
 * Show one value. The name is the expression that gave it ("x_train"); NULL for none.
 */

/** Show the four tensors of a data set, its source and its checks. */
NN_API nn_status nb_display_mnist(const char *name, mnist_t mnist);
/** Show type, shape and first values of a tensor. */
NN_API nn_status nb_display_tensor(const char *name, tensor_t x);
/** Show the layers of a model, as Keras' summary. */
NN_API nn_status nb_display_model(const char *name, const model_t *model);
/** Show how a model was compiled: optimizer with all its values, loss, metrics.
    @return NN_OK; NN_VALUE_ERROR: not compiled; NN_MEMORY_ERROR */
NN_API nn_status nb_display_compile(const model_t *model);
/** Show which kernel computes each layer, and why. */
NN_API nn_status nb_display_plan(model_t *model);
/** Show the devices, present or absent, and the reason why one is absent. */
NN_API nn_status nb_display_devices(void);
/** Show version, compiler, CPU, instruction set and threads; and warn when the load average says
    that other work may lengthen times. */
NN_API nn_status nb_display_system(void);
/** Show the best value of each series of a training run, and all epochs. */
NN_API nn_status nb_display_history(const char *name, const history_t *history);
/** Show loss and accuracy. */
NN_API nn_status nb_display_metrics(const char *name, metrics_t metrics);
/** Show a latency measurement with its conditions; with labels also the Score. */
NN_API nn_status nb_display_latency(const char *name, latency_t latency);

/** Show two models' accuracies and how often they agree. @param name  NULL for none */
NN_API nn_status nb_display_comparison(const char *name, comparison_t comparison);
/** Show a whole number. */
NN_API nn_status nb_display_int(const char *name, long long value);
/** Show a whole number without sign. */
NN_API nn_status nb_display_uint(const char *name, unsigned long long value);
/** Show true or false. */
NN_API nn_status nb_display_bool(const char *name, int value);
/** Show a character and its code. */
NN_API nn_status nb_display_char(const char *name, int value);
/** Show a float: the shortest text that reads back equal. */
NN_API nn_status nb_display_float(const char *name, float value);
/** Show a double: the shortest text that reads back equal. */
NN_API nn_status nb_display_double(const char *name, double value);
/** Show a string in quotes, cut after 1,000 bytes. */
NN_API nn_status nb_display_string(const char *name, const char *value);
/** Show an address. */
NN_API nn_status nb_display_pointer(const char *name, const void *value);
/** Say that a value has a type that only the kernel can show. */
NN_API nn_status nb_display_other(const char *name, ...);

#ifdef __cplusplus
}
#endif
#endif
