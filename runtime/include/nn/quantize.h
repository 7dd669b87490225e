/**
 * @file quantize.h
 * Make a trained model faster or smaller: 8-bit integers or bfloat16 in the place of float32.
 *
 * Quantisation comes after training. nn_model_quantize() makes a second model of the first, which
 * stays as it is; the new one predicts, evaluates, benchmarks, summarises and is saved like any
 * other, but cannot be trained. What it loses is measured, not guessed: nn_model_compare() gives
 * both accuracies and the share of images that both answer alike.
 *
 * "int8": activations are unsigned bytes, weights signed bytes, sums 32-bit integers. Every tensor
 * of activations has one scale and one zero, found by running calibration images through the
 * float32 model; every filter or unit has a scale of its own, its largest weight / 127. The integer
 * arithmetic is exact: a quantised model gives the same bits on every machine and instruction set
 * (a closing softmax is computed in float32). Fastest where the processor has VNNI instructions
 * (AVX512-VNNI, AVX-VNNI); with AVX2 or SSE4.1 it runs on 16-bit multiplications.
 * Scheme: B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
 * Integer-Arithmetic-Only Inference", CVPR 2018, with scales per filter.
 *
 * "bf16": activations and weights are rounded to bfloat16 (8 bits of mantissa), sums are float32.
 * Needs no calibration. Computed by AVX512-BF16 where the processor has it, elsewhere emulated. It
 * halves the size of the weights; float32 answers sooner wherever it was measured.
 */
#ifndef NN_QUANTIZE_H
#define NN_QUANTIZE_H

#include "nn/tensor.h"
#include "nn/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Options of nn_model_quantize(); zero means default. */
typedef struct quantize_opts {
    const char *precision; /**< "int8" (default) or "bf16" */
    int images;            /**< calibrate with the first so many rows of x; default: 1,000, or all
                                if there are fewer. 500 training images or more are advisable */
    const char *fp32[8];   /**< names of layers to leave in float32; default: none */
    const char *name;      /**< of the new model; default: the model's, with _int8 or _bf16 */
} quantize_opts;

/**
 * Make a quantised copy of a model.
 *
 * Every Conv2D and Dense is quantised, with the activation that it has or that follows as a layer;
 * pooling, Flatten and Activation work on the quantised values; Dropout goes away. Left in float32
 * are the layers named in `.fp32`, a softmax that is not the end of the model, and layers whose
 * sums could leave 32 bits (above about 65,000 inputs to a unit); model_summary() and model_plan()
 * of the new model say which and why.
 *
 * The copy takes along loss and metrics, and nothing that is done to the original afterwards
 * changes it. It refuses training and gives no access to its weights: train the original, quantise
 * again. It is saved by nn_model_save() in a file of its own, "*.nnq"; `.keras` files hold float32.
 *
 * @param model  a model, trained; not a quantised one
 * @param x      calibration images (N, shape of the model's input), from the training set: never
 *               those that the accuracy is measured with. "bf16" does not look at them
 * @param opts   options
 * @return       the new model, which belongs to the session; NULL on ValueError (an unknown
 *               precision or layer name, x that does not fit, nothing to quantise, a weight that
 *               is no finite number), MemoryError, or KeyboardInterrupt
 */
NN_API model_t *nn_model_quantize(model_t *model, tensor_t x, quantize_opts opts);

/** Return "int8" or "bf16" for a quantised model, else "fp32" (also for NULL). */
NN_API const char *nn_model_precision(const model_t *model);

/** Two models' answers to the same inputs. */
typedef struct comparison_t {
    int64_t samples;           /**< compared; -1 after an error */
    double accuracy;           /**< of the first model; NaN without labels */
    double other_accuracy;     /**< of the second; NaN without labels */
    double same_answers;       /**< share of samples that both put into the same class */
    double largest_difference; /**< between two outputs, over all samples */
    char precision[8];         /**< of the first model */
    char other_precision[8];   /**< of the second */
} comparison_t;

/** Options of nn_model_compare(); zero means default. */
typedef struct compare_opts {
    tensor_t y;  /**< labels (N) or one-hot rows, to give accuracies; default: none */
    int threads; /**< as in fit_opts */
} compare_opts;

/**
 * Compare what two models answer: a quantised one and its original, or any two with the same input
 * and output shapes.
 *
 * An answer is the largest output's place; with a single output, whether it is above 0.5.
 *
 * @param model  the one in question
 * @param other  what it is measured against
 * @param x      inputs (N, shape of the models' input)
 * @param opts   options
 * @return       the comparison, over fewer samples when the user stopped it; `samples` is -1 on
 *               ValueError or MemoryError
 */
NN_API comparison_t nn_model_compare(model_t *model, model_t *other, tensor_t x, compare_opts opts);

#ifdef __cplusplus
}
#endif
#endif
