/*
 * Convolutions by matrix tiles: that their products are float32 products. The lane tests see to
 * the rest (unit/lane_test_amx), but sums of many hide the last bits of each.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "engine/lane_tiles.h"

enum { LANES = LANE_GROUP, SIZE = 4, PLACES = SIZE * SIZE };

/* Of a product: twice the rounding of a float32 multiplication. */
static const double TOLERANCE = 2.0 / (1 << 24);

static uint64_t state = 7;

/* Of any sign and 30 orders of magnitude, every bit drawn. */
static float draw_number(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    double part = 1 + (double)(state >> 40) / (1 << 24);
    return (float)ldexp(state >> 39 & 1 ? -part : part, (int)(state >> 33 & 63) % 50 - 25);
}

static float *numbers(size_t count, int drawn)
{
    float *x = aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64);
    assert_non_null(x);
    for (size_t i = 0; i < count; i++)
        x[i] = drawn ? draw_number() : 0;
    return x;
}

static void expect(double want, float got, const char *what)
{
    if (!(fabs(want - got) <= TOLERANCE * fabs(want)))
        fail_msg("%s: %.9g for %.9g, %.1e of it apart", what, got, want, fabs((got - want) / want));
}

/* One channel by a kernel of 1x1: each result is one product. */
static void test_products_are_exact(void **unused)
{
    (void)unused;
    const lane_way_kernels *k = nn__lane_tile_kernels();
    if (!k) {
        print_message("    not tested: this machine has no matrix tiles (AMX)\n");
        skip();
    }
    lane_map map = {.c = 1, .h = SIZE, .w = SIZE, .pitch = SIZE, .plane = PLACES, .size = PLACES};
    lane_way t = {.conv = {.in = map, .out = map, .kernel_h = 1, .kernel_w = 1, .stride_h = 1,
                           .stride_w = 1, .filters = 1},
                  .wants_input = 1};
    assert_true(k->plan(&t));
    size_t count = PLACES * LANES;
    float *x = numbers(count, 1), *g = numbers(count, 0), *y = numbers(count, 0);
    float *packed = numbers(t.packed_length, 0), *packed_input = numbers(t.packed_input_length, 0);
    float *scratch = numbers(t.scratch_length, 0);
    for (int round = 0; round < 50; round++) {
        float weight = draw_number(), sum, drawn = draw_number();
        k->pack(&t, &weight, packed);
        k->pack_input(&t, &weight, packed_input);
        k->take(&t, x, scratch);
        k->forward(&t, scratch, packed, NULL, y, 0, SIZE);
        for (size_t i = 0; i < count; i++)
            expect((double)weight * x[i], y[i], "output");
        k->input(&t, &map, x, packed_input, y, scratch);
        for (size_t i = 0; i < count; i++)
            expect((double)weight * x[i], y[i], "gradient of the input");
        size_t at = (size_t)round * 37 % count;
        g[at] = drawn;
        k->weights(&t, &map, x, g, &sum, 0, scratch);
        expect((double)drawn * x[at], sum, "gradient of the weight");
        g[at] = 0;
    }
    free(x);
    free(g);
    free(y);
    free(packed);
    free(packed_input);
    free(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_products_are_exact)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
