/*
 * Networks and batches drawn at random, and what an engine makes of them: for the tests that compare
 * the lane engine with the reference. Numbers come from lane_draw_state, which a test sets.
 */
#ifndef LANE_DRAW_H
#define LANE_DRAW_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "engine/lane.h"
#include "model.h"

#define MOST_BATCH 70
#define FEW        6 /* samples of a call; up to half a vector's lanes go one by one */
/* Both engines sum in float32, in different orders. */
#define TOLERANCE 1e-5

extern uint32_t lane_draw_state;

/* What one engine makes of one batch. */
typedef struct results {
    float *out, *grad;
    double loss, gradient_loss;
    int64_t hits, gradient_hits;
} results;

typedef struct data {
    float *pixels, *targets;
    int32_t *labels;
    nn_batch batch;
} data;

/* FROM to TO, both included. */
int draw(int from, int to);
float noise(void);
const char *draw_activation(void);
const char *draw_padding(void);
/* A layer over pictures that fits (h, w), which become those of its output; the description goes
   to TEXT. */
layer_t *draw_picture_layer(int *h, int *w, char *text, size_t size);
model_t *draw_model(int *classes, char *text, size_t size);
results run(const char *name, const model_t *model, const nn_batch *batch, int threads);
void free_results(results r);
/* Relative to the largest, or to LEAST. */
double distance_beside(const float *a, const float *b, size_t n, double least);
double distance(const float *a, const float *b, size_t n);
data draw_batch(const model_t *model, nn_loss loss, int classes, int count);
void store_as_integers(data *d, nn_dtype dtype);
/* Empty rows at the top and the bottom, as pictures of digits have them. */
void blank_rows(const model_t *model, data *d);
void free_data(data d);
int draw_count(void);

/* lane_pooled_test.c */
void test_convolution_before_max_pooling(void **unused);

#endif
