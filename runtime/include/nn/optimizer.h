/**
 * @file optimizer.h
 * Choose how training changes the weights: Adam, or SGD with momentum, in Keras' exact form.
 */
#ifndef NN_OPTIMIZER_H
#define NN_OPTIMIZER_H

#include "nn/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Write NN_ZERO where an option shall be zero although zero means default. */
#define NN_ZERO (-0.0)

typedef enum nn_optimizer_kind { NN_NO_OPTIMIZER = 0, NN_ADAM = 1, NN_SGD = 2 } nn_optimizer_kind;

/** An optimizer's settings, all filled in. A plain value; its state lives in the model. */
typedef struct nn_optimizer {
    nn_optimizer_kind kind;
    double learning_rate;
    double beta_1, beta_2, epsilon; /**< Adam */
    double momentum;                /**< SGD */
    int nesterov;                   /**< SGD */
    int invalid;                    /**< nonzero after ValueError */
} nn_optimizer;

/** Options of nn_adam(); zero means default. */
typedef struct adam_opts {
    double learning_rate; /**< step size, above 0; default 0.001 */
    double beta_1;        /**< decay of the mean, 0 <= beta_1 < 1; default 0.9 */
    double beta_2;        /**< decay of the mean square, 0 <= beta_2 < 1; default 0.999 */
    double epsilon;       /**< added to the root, above 0; default 1e-7 */
} adam_opts;

/** Options of nn_sgd(); zero means default. */
typedef struct sgd_opts {
    double learning_rate; /**< step size, above 0; default 0.01 */
    double momentum;      /**< 0 <= momentum <= 1; default 0 */
    int nesterov;         /**< nonzero: Nesterov momentum */
    int reserved;         /**< leave zero */
} sgd_opts;

/**
 * Choose Adam (Kingma and Ba, arXiv:1412.6980, section 2's efficient form, as Keras has it):
 *
 *     a = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)      (in float32, powers by powf)
 *     m += (g - m) * (1 - beta_1);   v += (g^2 - v) * (1 - beta_2)
 *     w -= a * m / (sqrt(v) + epsilon)
 *
 * A float literal such as 0.9f counts as the decimal it was written as.
 *
 * @return the settings; `.invalid` is nonzero on ValueError (a value out of its range)
 */
NN_API nn_optimizer nn_adam(adam_opts opts);

/**
 * Choose gradient descent, with momentum if asked for, as Keras has it:
 *
 *     b = momentum * b - learning_rate * g;   w += b       (Nesterov: w += momentum * b - lr * g)
 *
 * @return the settings; `.invalid` is nonzero on ValueError (a value out of its range)
 */
NN_API nn_optimizer nn_sgd(sgd_opts opts);

/** Return "adam", "sgd", or "" for none. */
NN_API const char *nn_optimizer_name(nn_optimizer optimizer);

#ifdef __cplusplus
}
#endif
#endif
