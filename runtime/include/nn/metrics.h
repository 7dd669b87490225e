/**
 * @file metrics.h
 * What training and evaluation report.
 */
#ifndef NN_METRICS_H
#define NN_METRICS_H

#include "nn/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Result of an evaluation: means over all samples, each sample weighing the same. */
typedef struct metrics_t {
    double loss;
    double accuracy;  /**< fraction in [0, 1]; NaN if the model was compiled without it */
    int64_t samples;
    double seconds;   /**< wall time */
} metrics_t;

/**
 * Course of a training run, as Keras' History. Belongs to its model; valid until the model is
 * freed or trained again (the older one then stays readable until the session is reset).
 */
typedef struct history_t {
    int epochs;            /**< epochs completed: the valid length of the arrays below */
    int epochs_asked;      /**< epochs asked for */
    int interrupted;       /**< nonzero if the run was stopped before its end */
    int64_t steps_per_epoch;
    const double *loss;          /**< running mean while the weights change, as Keras prints */
    const double *accuracy;      /**< NULL without the accuracy metric */
    const double *val_loss;      /**< after each epoch; NULL without validation */
    const double *val_accuracy;  /**< NULL without validation or metric */
    const double *epoch_seconds; /**< wall time of each epoch, validation included */
    double seconds;        /**< wall time of the whole call */
    int best_epoch;        /**< 0-based epoch whose weights were kept; -1 without keep_best */
    int batch_size;
    int threads;
    uint64_t seed;
    int64_t train_samples, val_samples;
    char engine[32];       /**< "lane v4", "lane amx", "reference", ... */
} history_t;

/** Return the series called "loss", "accuracy", "val_loss" or "val_accuracy", or NULL
    (ValueError naming the valid ones: the name is unknown or was not recorded). */
NN_API const double *nn_history_series(const history_t *history, const char *name);

/**
 * Count how often each true class was answered with each class.
 *
 * @param y_true  labels, shape (N), integer
 * @param y_pred  answers, shape (N), integer
 * @return        int32 tensor (classes, classes), rows true, columns predicted; invalid on
 *                ValueError (lengths differ, negative labels) or MemoryError
 */
NN_API tensor_t nn_confusion_matrix(tensor_t y_true, tensor_t y_pred);

#ifdef __cplusplus
}
#endif
#endif
