/* Numbers as three bfloat16 parts, and the shapes of tiles. Part of lane_tiles.c, after lane_vec.h. */

enum {
    PARTS = 3,
    ROW = 64,       /* bytes */
    TILE = 16 * ROW /* bytes; in packed weights the parts' tiles follow each other */
};

/* ---- parts ---- */

INLINE vf leading(vf x) { return (vf)(((vi)x + 0x8000) & ~0xffff); }

/* The parts of low and high values in pairs, to the same row of each part. */
INLINE void put_pairs(char *row, size_t part, vf low, vf high)
{
    UNROLL for (int p = 0; p < PARTS; p++, row += part) {
        vf l = p == PARTS - 1 ? low : leading(low), h = p == PARTS - 1 ? high : leading(high);
        *(__m512i *)row = _mm512_or_si512(_mm512_srli_epi32((__m512i)l, 16), (__m512i)h);
        low -= l;
        high -= h;
    }
}

/* The parts of a tile's weights: value[row][2 * pair + which], as many rows. */
static void put_weights(char *tile, const float value[16][32], int rows)
{
    for (int i = 0; i < rows; i++) {
        vf first = *(const vf_any *)value[i], second = *(const vf_any *)(value[i] + 16);
        put_pairs(tile + i * ROW, TILE, EVEN(first, second), ODD(first, second));
    }
}

/* ---- tiles ---- */

typedef struct tile_config {
    _Alignas(64) uint8_t palette;
    uint8_t start, reserved[14];
    uint16_t bytes[16];
    uint8_t rows[16];
} tile_config;

static void shape(tile_config *config, int first, int end, int rows, int bytes)
{
    for (int i = first; i < end; i++) {
        config->rows[i] = (uint8_t)rows;
        config->bytes[i] = (uint16_t)bytes;
    }
}

static void load_config(const tile_config *config)
{
    __asm__ volatile("ldtilecfg %0" : : "m"(*config) : "memory");
}

/* For sums by images: 0 to 3 results [row][image], 4 to 6 the parts of their weights, 7 pairs of
   values [pair][image]. */
static void shape_by_images(int rows, int pairs)
{
    tile_config config = {.palette = 1};
    shape(&config, 0, 4, rows, ROW);
    shape(&config, 4, 7, rows, 4 * pairs);
    shape(&config, 7, 8, pairs, ROW);
    load_config(&config);
}

/* For sums over images: 0 to 3 results [input][output], 4 to 6 the parts of the gradients of the
   outputs [image][output], 7 the inputs [input][image]. */
static void shape_over_images(int rows, int outputs)
{
    tile_config config = {.palette = 1};
    shape(&config, 0, 4, rows, 4 * outputs);
    shape(&config, 4, 7, 16, 4 * outputs);
    shape(&config, 7, 8, rows, ROW);
    load_config(&config);
}

/* The three parts of one operand, into 4 to 6. */
#define LOAD_PARTS(from)                                                                           \
    _tile_loadd(4, from, ROW);                                                                     \
    _tile_loadd(5, from + TILE, ROW);                                                              \
    _tile_loadd(6, from + 2 * TILE, ROW);

/* Added to tile c: their products with the parts of the other, whose rows are `part` bytes apart;
   MULTIPLY(c, n) is that of tiles n and 7. The smallest products first: the largest rounds them away
   only once. */
#define SIX_PRODUCTS(c, from, part, MULTIPLY)                                                      \
    _tile_loadd(7, (from) + 2 * (part), ROW);                                                      \
    MULTIPLY(c, 4);                                                                                \
    _tile_loadd(7, (from) + (part), ROW);                                                          \
    MULTIPLY(c, 5);                                                                                \
    MULTIPLY(c, 4);                                                                                \
    _tile_loadd(7, (from), ROW);                                                                   \
    MULTIPLY(c, 6);                                                                                \
    MULTIPLY(c, 5);                                                                                \
    MULTIPLY(c, 4);
