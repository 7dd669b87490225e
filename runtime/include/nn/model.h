/**
 * @file model.h
 * Build, train and use Sequential models.
 *
 * A model belongs to the session and stays until it is reset; nn_model_free() is optional. All
 * random numbers (weights at the start, shuffling, dropout) are functions of one seed and of
 * counters: same build, instruction set, seed and batch size give the same bits for any number of
 * threads.
 *
 * Functions that compute (fit, evaluate, predict) stop soon after nb_interrupted() turns nonzero
 * and return what they have.
 */
#ifndef NN_MODEL_H
#define NN_MODEL_H

#include "nn/tensor.h"
#include "nn/layer.h"
#include "nn/optimizer.h"
#include "nn/loss.h"
#include "nn/metrics.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct model_t model_t;

/**
 * Set the seed of everything random: 42 until set.
 *
 * Models made afterwards start from weights of this seed, and nn_model_fit() uses it unless its
 * options give another.
 */
NN_API void nn_set_random_seed(uint64_t seed);

/** Return the seed in force. */
NN_API uint64_t nn_random_seed(void);

/**
 * Put layers together, infer all shapes and set the weights (Glorot uniform, zero biases).
 *
 * @param name    the model's name; NULL: "sequential"
 * @param count   number of layers, 2 to 1,000
 * @param layers  the first one from nn_input(); each belongs to this model from now on
 * @return        the model; NULL on ValueError (shapes that do not fit, no Input first, a layer
 *                that is part of another model, too many parameters) or MemoryError. A NULL layer
 *                passes on the error of its constructor.
 */
NN_API model_t *nn_sequential(const char *name, size_t count, layer_t *const *layers);

/** Free a model, its layers and histories at once; NULL is allowed. Optional. */
NN_API void nn_model_free(model_t *model);

/** Options of nn_model_compile(). */
typedef struct compile_opts {
    nn_optimizer optimizer; /**< from nn_adam() or nn_sgd(); default: Adam with its defaults */
    const char *loss;       /**< a name of nn/loss.h; required */
    const char *metrics[4]; /**< "accuracy", or none */
} compile_opts;

/**
 * Choose optimizer, loss and metrics. Weights stay; the optimizer starts afresh.
 *
 * @return NN_OK; NN_VALUE_ERROR (unknown loss or metric, a broken optimizer); NN_MEMORY_ERROR
 */
NN_API nn_status nn_model_compile(model_t *model, compile_opts opts);

/** Inputs and what the answers should be, as a pair. */
typedef struct nn_data {
    tensor_t x, y;
} nn_data;

/** Options of nn_model_fit(). */
typedef struct fit_opts {
    int epochs;              /**< 1 to 100,000; default 1 */
    int batch_size;          /**< samples per step, at least 1; default 32 */
    nn_data validation_data; /**< evaluated after every epoch; default: none */
    double validation_split; /**< hold out this last part of x and y, 0 < split < 1; default 0 */
    const char *keep_best;   /**< "val_loss" (or another series): end with the weights of the
                                  epoch where it was best; default: with the last */
    int no_shuffle;          /**< nonzero: take the samples in their order */
    uint64_t seed;           /**< of shuffling and dropout; 0: nn_random_seed() */
    int threads;             /**< at most this many; 0: XTINYCC_THREADS, else the allowed cores */
    int verbose;             /**< 0: bar and a line per epoch; NN_SILENT; NN_LINES */
    const char *engine;      /**< "reference", "lane", "plain" (as "lane", but zeros of images and
                                  of ReLU are not passed over), "blas"; NULL: the fastest */
    int (*on_epoch_end)(const history_t *history, void *context); /**< nonzero: stop here */
    void *context;           /**< handed to on_epoch_end */
} fit_opts;

/** Values of fit_opts.verbose: show nothing; show one line per epoch. */
enum { NN_SILENT = 1, NN_LINES = 2 };

/**
 * Train a compiled model.
 *
 * Every epoch visits all samples once, in an order drawn from seed and step number; a short last
 * batch is trained on and counted. The training series are running means while the weights change,
 * weighted by sample; the validation series are measured after each epoch.
 *
 * When the user stops it, training ends at the edge of a batch: the history holds the complete
 * epochs, `interrupted` is 1, and the model has the weights it reached (with keep_best those of
 * the best complete epoch, if there is one).
 *
 * @param x  samples (N, shape of the model's input), uint8 or float32
 * @param y  labels (N) for the sparse loss, else (N, outputs)
 * @return   the history, owned by the model; NULL on ValueError (not compiled, shapes or labels
 *           that do not fit, an option out of range) or MemoryError
 */
NN_API history_t *nn_model_fit(model_t *model, tensor_t x, tensor_t y, fit_opts opts);

/** Return the history of the last nn_model_fit(), or NULL (ValueError: never trained). */
NN_API history_t *nn_model_history(const model_t *model);

/** Options of nn_model_train_on_batch(), nn_model_evaluate() and nn_model_predict(). */
typedef struct run_opts {
    int threads;        /**< as in fit_opts */
    int reserved;       /**< leave zero */
    const char *engine; /**< as in fit_opts */
} run_opts;

/**
 * Take one training step over all rows of x.
 *
 * @return loss and accuracy of the batch under the weights before the step; `samples` is -1 on
 *         ValueError or MemoryError
 */
NN_API metrics_t nn_model_train_on_batch(model_t *model, tensor_t x, tensor_t y, run_opts opts);

/**
 * Measure loss and accuracy: means over all samples, each sample weighing the same.
 *
 * @return the metrics; `samples` is -1 on ValueError or MemoryError, and less than N when the
 *         user stopped it
 */
NN_API metrics_t nn_model_evaluate(model_t *model, tensor_t x, tensor_t y, run_opts opts);

/**
 * Compute the model's outputs.
 *
 * @return float32 tensor (N, outputs), or (N, height, width, channels) for a model that ends in a
 *         picture; fewer rows when the user stopped it; invalid on ValueError or MemoryError
 */
NN_API tensor_t nn_model_predict(model_t *model, tensor_t x, run_opts opts);

/** Return the model's name. */
NN_API const char *nn_model_name(const model_t *model);

/** Return the number of layers, the Input among them. */
NN_API int nn_model_layer_count(const model_t *model);

/**
 * Return one layer.
 *
 * @param index  0 is the Input; negative counts from the end
 * @return       the layer; NULL on ValueError (no such layer; the message lists them)
 */
NN_API layer_t *nn_model_layer(const model_t *model, int index);

/** Return the layer of this name; NULL on ValueError (the message lists the names). */
NN_API layer_t *nn_model_layer_named(const model_t *model, const char *name);

/** Return the number of parameters. */
NN_API int64_t nn_model_param_count(const model_t *model);

/** One row of a summary. */
typedef struct nn_summary_row {
    char layer[64];        /**< name, such as "conv2d_1" */
    char type[32];         /**< class, such as "Conv2D"; "Conv2D, int8" when quantised */
    char output_shape[64]; /**< such as "(None, 28, 28, 6)" */
    int64_t params;
} nn_summary_row;

/** What stands below a summary. */
typedef struct nn_summary_totals {
    int64_t total;         /**< trainable and optimizer */
    int64_t trainable;
    int64_t non_trainable; /**< 0, but for a quantised model */
    int64_t optimizer;     /**< state of the optimizer, 0 before training */
    int64_t bytes;         /**< of the parameters as they are kept: 4 each, fewer when quantised */
} nn_summary_totals;

/**
 * Describe the model row by row, as Keras' model.summary() (the Input has no row).
 *
 * @param rows      receives up to @p capacity rows; may be NULL
 * @param capacity  room in @p rows
 * @param totals    receives the totals; may be NULL
 * @return          number of rows there are; -1 on ValueError (model is NULL)
 */
NN_API int nn_model_summary_rows(const model_t *model, nn_summary_row *rows, int capacity,
                                 nn_summary_totals *totals);

/** Which kernel computes a layer, and why. */
typedef struct nn_plan_row {
    char layer[64];
    char engine[32]; /**< "lane v4", "lane amx", "BLAS", "reference" */
    char kernel[96]; /**< such as "convolution 5x5, stride 1x1"; with "gradient skips zeros": those
                          that max-pooling and ReLU leave in training; in calls of many images also
                          "matrix tiles", of AMX, "Winograd", by fewer products, and "gradient by
                          Winograd", where a maximum is taken of the outputs */
    char why[192];   /**< BLAS: which, and why not lanes; reference: what lanes lack; else "" */
} nn_plan_row;

/**
 * Tell how each layer is computed on this machine (the Input has no row).
 *
 * @return number of rows there are; -1 on ValueError (model is NULL)
 */
NN_API int nn_model_plan_rows(model_t *model, nn_plan_row *rows, int capacity);

/** Where a training run stands; handed to the progress callbacks. */
typedef struct nn_fit_state {
    const model_t *model;
    const char *model_name;
    int epochs;              /**< asked for */
    int epoch;               /**< 0-based, the one running or just finished */
    int64_t step;            /**< steps done in this epoch */
    int64_t steps_per_epoch;
    int batch_size;
    int verbose;             /**< fit_opts.verbose */
    int interrupted;         /**< the user stopped it */
    double loss, accuracy;   /**< running means of this epoch; accuracy NaN without metric */
    double val_loss, val_accuracy; /**< in on_epoch; NaN without validation or metric */
    double epoch_seconds;    /**< since this epoch began */
    double seconds;          /**< since the run began */
} nn_fit_state;

/** Callbacks that show a training run. Any of them may be NULL; none may call into the model. */
typedef struct nn_fit_progress {
    void *self;
    void (*on_begin)(void *self, const nn_fit_state *state);
    void (*on_step)(void *self, const nn_fit_state *state);  /**< after every step: be quick */
    void (*on_epoch)(void *self, const nn_fit_state *state); /**< after validation */
    void (*on_end)(void *self, const nn_fit_state *state);   /**< also after a stop */
} nn_fit_progress;

/** Install the callbacks of all later nn_model_fit() calls; copied; NULL: none. */
NN_API void nn_fit_progress_set(const nn_fit_progress *progress);

#ifdef __cplusplus
}
#endif
#endif
