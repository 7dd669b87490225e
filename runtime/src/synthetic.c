/*
 * Digits drawn with strokes: a stand-in for MNIST that needs no file and no network.
 *
 * Each digit is a few polylines in a unit square (x to the right, y down). An image turns, slants,
 * scales and moves them at random, wobbles their points, and paints every pixel by its distance to
 * the nearest stroke. Only +, -, *, / and sqrt are used, which round the same everywhere, so the
 * bytes are the same on every machine.
 */
#include <math.h>
#include <string.h>
#include <time.h>

#include "error.h"
#include "idx.h"
#include "nn/dataset.h"

#define SIDE         28
#define CLASSES      10
#define TRAIN_COUNT  2000
#define TEST_COUNT   500
#define MAX_POINTS   16
#define MAX_STROKES  3
#define TRAIN_SEED   0x5eed0001u
#define TEST_SEED    0x5eed0002u
#define GLYPH_HEIGHT 18.0 /* pixels, before scaling */

typedef struct point {
    double x, y;
} point;

typedef struct stroke {
    int count;
    point points[MAX_POINTS];
} stroke;

typedef struct glyph {
    int count;
    stroke strokes[MAX_STROKES];
} glyph;

static const glyph glyphs[CLASSES] = {
    {1,
     {{13,
       {{.50, .00},
        {.27, .06},
        {.12, .25},
        {.08, .50},
        {.12, .75},
        {.27, .94},
        {.50, 1.0},
        {.73, .94},
        {.88, .75},
        {.92, .50},
        {.88, .25},
        {.73, .06},
        {.50, .00}}}}},
    {1, {{3, {{.30, .20}, {.55, .00}, {.55, 1.0}}}}},
    {1,
     {{9,
       {{.12, .24},
        {.22, .07},
        {.45, .00},
        {.70, .05},
        {.84, .22},
        {.80, .42},
        {.55, .68},
        {.10, 1.0},
        {.92, 1.0}}}}},
    {1,
     {{12,
       {{.14, .10},
        {.40, .00},
        {.70, .04},
        {.82, .22},
        {.70, .40},
        {.42, .47},
        {.72, .54},
        {.88, .74},
        {.76, .93},
        {.48, 1.0},
        {.24, .97},
        {.08, .86}}}}},
    {2, {{3, {{.62, .00}, {.06, .66}, {.94, .66}}}, {2, {{.68, .30}, {.68, 1.0}}}}},
    {1,
     {{10,
       {{.84, .00},
        {.24, .00},
        {.17, .42},
        {.45, .36},
        {.74, .42},
        {.90, .63},
        {.84, .85},
        {.60, .99},
        {.32, .99},
        {.08, .88}}}}},
    {1,
     {{13,
       {{.74, .03},
        {.46, .12},
        {.24, .33},
        {.12, .62},
        {.18, .87},
        {.42, 1.0},
        {.70, .97},
        {.87, .80},
        {.84, .60},
        {.66, .47},
        {.42, .48},
        {.22, .58},
        {.14, .70}}}}},
    {1, {{4, {{.08, .00}, {.92, .00}, {.60, .45}, {.36, 1.0}}}}},
    {2,
     {{9,
       {{.50, .46},
        {.24, .36},
        {.16, .20},
        {.28, .04},
        {.50, .00},
        {.72, .04},
        {.84, .20},
        {.76, .36},
        {.50, .46}}},
      {9,
       {{.50, .46},
        {.20, .58},
        {.08, .77},
        {.22, .95},
        {.50, 1.0},
        {.78, .95},
        {.92, .77},
        {.80, .58},
        {.50, .46}}}}},
    {1,
     {{13,
       {{.86, .30},
        {.78, .44},
        {.58, .53},
        {.34, .52},
        {.16, .40},
        {.13, .20},
        {.30, .03},
        {.58, .00},
        {.80, .10},
        {.87, .30},
        {.82, .60},
        {.70, .84},
        {.56, 1.0}}}}},
};

/* ---- random numbers: xorshift64* (Vigna, ACM TOMS 42, 2016) ---- */

static double uniform(uint64_t *state, double low, double high)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    uint64_t bits = *state * UINT64_C(2685821657736338717) >> 11;
    return low + (high - low) * ((double)bits / 9007199254740992.0);
}

/* ---- drawing ---- */

typedef struct placement {
    double a, b, c, d; /* x' = a x + b y + move_x, y' = c x + d y + move_y */
    double move_x, move_y;
    double wobble; /* pixels */
} placement;

static placement place_at_random(uint64_t *random)
{
    /* Rotation from t = tan(angle / 2), at most 14 degrees. */
    double t = uniform(random, -0.12, 0.12);
    double cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
    double slant = uniform(random, -0.22, 0.22);
    double height = GLYPH_HEIGHT * uniform(random, 0.85, 1.12);
    double width = height * uniform(random, 0.55, 0.85);
    placement p = {
        .a = cosine * width,
        .b = (cosine * slant - sine) * height,
        .c = sine * width,
        .d = (sine * slant + cosine) * height,
        .wobble = uniform(random, 0.0, 0.6),
    };
    p.move_x = SIDE / 2.0 + uniform(random, -1.5, 1.5);
    p.move_y = SIDE / 2.0 + uniform(random, -1.5, 1.5);
    return p;
}

static point put(const placement *p, point from, uint64_t *random)
{
    double x = from.x - 0.5, y = from.y - 0.5;
    return (point){p->a * x + p->b * y + p->move_x + uniform(random, -p->wobble, p->wobble),
                   p->c * x + p->d * y + p->move_y + uniform(random, -p->wobble, p->wobble)};
}

static double squared_distance(point p, point from, point to)
{
    double dx = to.x - from.x, dy = to.y - from.y;
    double length = dx * dx + dy * dy;
    double along = length > 0 ? ((p.x - from.x) * dx + (p.y - from.y) * dy) / length : 0;
    along = along < 0 ? 0 : along > 1 ? 1 : along;
    double x = p.x - (from.x + along * dx), y = p.y - (from.y + along * dy);
    return x * x + y * y;
}

/* Paint one segment: full ink within RADIUS, fading over one pixel. Darker ink stays. */
static void paint(uint8_t *image, point from, point to, double radius, double ink)
{
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++) {
            point centre = {column + 0.5, row + 0.5};
            double far = sqrt(squared_distance(centre, from, to)) - radius;
            if (far >= 1)
                continue;
            uint8_t value = (uint8_t)(ink * (far <= 0 ? 1 : 1 - far));
            uint8_t *pixel = &image[row * SIDE + column];
            if (value > *pixel)
                *pixel = value;
        }
}

static void draw(uint8_t *image, int digit, uint64_t *random)
{
    placement where = place_at_random(random);
    double radius = uniform(random, 0.5, 1.5), ink = uniform(random, 200, 255.99);
    memset(image, 0, SIDE * SIDE);
    for (int s = 0; s < glyphs[digit].count; s++) {
        const stroke *line = &glyphs[digit].strokes[s];
        point last = put(&where, line->points[0], random);
        for (int i = 1; i < line->count; i++) {
            point next = put(&where, line->points[i], random);
            paint(image, last, next, radius, ink);
            last = next;
        }
    }
}

/* ---- the sets ---- */

typedef struct digits {
    nn_idx images, labels;
} digits;

static nn_status make(int count, uint64_t seed, digits *out)
{
    const int64_t shape[3] = {count, SIDE, SIDE};
    nn_status status = nn__idx_create("synthetic digits", 3, shape, &out->images);
    if (status == NN_OK)
        status = nn__idx_create("synthetic digits", 1, shape, &out->labels);
    if (status != NN_OK)
        return status;
    uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15);
    for (int i = 0; i < count; i++) {
        /* Every class equally often, in no order. */
        int digit = i % CLASSES == 0 ? 0 : out->labels.data[i - 1];
        digit = i % CLASSES == 0 ? (int)uniform(&random, 0, CLASSES) : (digit + 7) % CLASSES;
        out->labels.data[i] = (uint8_t)digit;
        draw(out->images.data + (size_t)i * SIDE * SIDE, digit, &random);
    }
    status = nn__idx_seal("synthetic digits", &out->images);
    return status == NN_OK ? nn__idx_seal("synthetic digits", &out->labels) : status;
}

nn_status nn_synthetic_digits(mnist_t *out)
{
    struct timespec begin, end;
    digits train = {0}, test = {0};
    *out = (mnist_t){0};
    clock_gettime(CLOCK_MONOTONIC, &begin);
    nn_status status = make(TRAIN_COUNT, TRAIN_SEED, &train);
    if (status == NN_OK)
        status = make(TEST_COUNT, TEST_SEED, &test);
    if (status != NN_OK) {
        nn__idx_free(&train.images);
        nn__idx_free(&train.labels);
        nn__idx_free(&test.images);
        nn__idx_free(&test.labels);
        return status;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    out->x_train = nn__idx_tensor(&train.images);
    out->y_train = nn__idx_tensor(&train.labels);
    out->x_test = nn__idx_tensor(&test.images);
    out->y_test = nn__idx_tensor(&test.labels);
    strcpy(out->name, "synthetic");
    strcpy(out->source, "drawn by nn_synthetic_digits()");
    out->seconds =
        (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
    return NN_OK;
}
