/* The transformations of lane_winograd.h. Part of lane_kernels.c.

   A tile is some neighbouring results of a row, four or five. Under one row of a kernel they are sums
   of as many times kernel_w products; as the values of polynomials at as many points as there are
   inputs under the tile, they take one product each: y = A' ((G w) * (B' d)), d the inputs, w the
   weights of the row (A. L. Toom, S. A. Cook; S. Winograd, Arithmetic Complexity of Computations,
   1980). The gradients go back through the transposed matrices.

     columns  kernel  points
     4        3       0, 1, -1, 2, -1/2, infinity
     4        5       0, +-1, +-2, +-1/2, infinity
     5        5       +-1/4, +-5/8, +-1, +-2, infinity

   At these float32 loses least. Rows of B' are the products of (x - point) over the other points,
   hence integers and short fractions; G (lane_winograd_pack.h) has the divisions. */

enum { MOST_COLUMNS = 5, MOST_WIDTH = 5, MOST_POINTS = 9 };

INLINE int columns_of(int points) { return points == 9 ? 5 : 4; }

/* ---- nine points: four and their negatives, and infinity ---- */

enum { PAIRS = 4 };
static const float PAIR_AT[PAIRS] = {0.25f, 0.625f, 1, 2};

/* The polynomial with the squares of all pairs but the P-th as its zeros: c[0] + c[1] x + c[2] x^2 +
   x^3. All are short fractions and known when this is compiled. */
INLINE void other_pairs(int p, float c[PAIRS])
{
    float square[PAIRS - 1];
    UNROLL for (int i = 0, n = 0; i < PAIRS; i++) if (i != p) square[n++] = PAIR_AT[i] * PAIR_AT[i];
    c[0] = -square[0] * square[1] * square[2];
    c[1] = square[0] * square[1] + square[0] * square[2] + square[1] * square[2];
    c[2] = -square[0] - square[1] - square[2];
    c[3] = 1;
}
/* That of all of them, but for its x^4: (x - square) times the one before. */
INLINE void all_pairs(float c[PAIRS])
{
    float three[PAIRS], square = PAIR_AT[0] * PAIR_AT[0];
    other_pairs(0, three);
    c[0] = -square * three[0];
    UNROLL for (int i = 1; i < PAIRS; i++) c[i] = three[i - 1] - square * three[i];
}

INLINE void to_nine_points(const vf *d, vf *to, long step)
{
    float c[PAIRS];
    UNROLL for (int p = 0; p < PAIRS; p++)
    {
        other_pairs(p, c);
        vf even = d[6] + d[4] * c[2] + d[2] * c[1] + d[0] * c[0];
        vf odd = d[7] + d[5] * c[2] + d[3] * c[1] + d[1] * c[0];
        to[2 * p * step] = odd + even * PAIR_AT[p];
        to[(2 * p + 1) * step] = odd - even * PAIR_AT[p];
    }
    all_pairs(c);
    to[8 * step] = d[8] + d[6] * c[3] + d[4] * c[2] + d[2] * c[1] + d[0] * c[0];
}

INLINE void to_nine_points_back(const vf *v, long step, vf *d)
{
    float c[PAIRS];
    vf last = v[8 * step];
    all_pairs(c);
    UNROLL for (int k = 0; k < PAIRS; k++) d[2 * k] = last * c[k];
    d[8] = last;
    UNROLL for (int p = 0; p < PAIRS; p++)
    {
        vf a = v[2 * p * step], b = v[(2 * p + 1) * step], odd = a + b, even = (a - b) * PAIR_AT[p];
        other_pairs(p, c);
        UNROLL for (int k = 0; k < PAIRS; k++)
        {
            d[2 * k] += even * c[k];
            d[2 * k + 1] = p ? d[2 * k + 1] + odd * c[k] : odd * c[k];
        }
    }
}

INLINE void from_nine_points(const vf *v, long step, vf start, vf *y)
{
    UNROLL for (int i = 0; i < 4; i++) y[i] = start;
    y[4] = start + v[8 * step];
    UNROLL for (int p = 0; p < PAIRS; p++)
    {
        const float at = PAIR_AT[p], square = at * at;
        vf a = v[2 * p * step], b = v[(2 * p + 1) * step], even = a + b, odd = a - b;
        y[0] += even;
        y[1] += odd * at;
        y[2] += even * square;
        y[3] += odd * (square * at);
        y[4] += even * (square * square);
    }
}

INLINE void from_nine_points_back(const vf *g, vf *to, long step)
{
    UNROLL for (int p = 0; p < PAIRS; p++)
    {
        const float at = PAIR_AT[p], square = at * at;
        vf even = g[0] + g[2] * square + g[4] * (square * square), odd = g[1] + g[3] * square;
        to[2 * p * step] = even + odd * at;
        to[(2 * p + 1) * step] = even - odd * at;
    }
    to[8 * step] = g[4];
}

/* ---- the transformations ---- */

/* B' d; what the polynomials of several points have in common is computed once. */
INLINE void to_points(const vf *d, vf *to, long step, const int POINTS)
{
    if (POINTS == 9) {
        to_nine_points(d, to, step);
        return;
    }
    if (POINTS == 6) {
        vf b0 = d[2] - d[1] * 1.5f - d[0], b1 = d[3] - d[2] * 1.5f - d[1];
        vf b2 = d[4] - d[3] * 1.5f - d[2], b3 = d[5] - d[4] * 1.5f - d[3];
        vf a1 = d[3] - d[1], a2 = d[4] - d[2];
        to[0] = b2 - b0;
        to[step] = b2 + b1;
        to[2 * step] = b2 - b1;
        to[3 * step] = a2 + a1 * 0.5f;
        to[4 * step] = a2 - a1 * 2.0f;
        to[5 * step] = b3 - b1;
        return;
    }
    vf even1 = d[6] - d[4] * 4.25f + d[2], odd1 = d[5] - d[3] * 4.25f + d[1];
    vf even2 = d[6] - d[4] * 1.25f + d[2] * 0.25f, odd2 = d[5] - d[3] * 1.25f + d[1] * 0.25f;
    vf even3 = d[6] - d[4] * 5.0f + d[2] * 4.0f, odd3 = d[5] - d[3] * 5.0f + d[1] * 4.0f;
    to[0] = (d[6] - d[0]) + (d[2] - d[4]) * 5.25f;
    to[step] = even1 + odd1;
    to[2 * step] = even1 - odd1;
    to[3 * step] = even2 + odd2 * 2.0f;
    to[4 * step] = even2 - odd2 * 2.0f;
    to[5 * step] = even3 + odd3 * 0.5f;
    to[6 * step] = even3 - odd3 * 0.5f;
    to[7 * step] = (d[7] - d[1]) + (d[3] - d[5]) * 5.25f;
}

/* B v */
INLINE void to_points_back(const vf *v, long step, vf *d, const int POINTS)
{
    if (POINTS == 9) {
        to_nine_points_back(v, step, d);
        return;
    }
    vf v0 = v[0], v1 = v[step], v2 = v[2 * step], v3 = v[3 * step], v4 = v[4 * step];
    vf v5 = v[5 * step];
    if (POINTS == 6) {
        vf b1 = v1 - v2 - v5, b2 = v0 + v1 + v2, a1 = v3 * 0.5f - v4 * 2.0f, a2 = v3 + v4;
        d[0] = v0;
        d[1] = v0 * 1.5f - b1 - a1;
        d[2] = b1 * -1.5f - v0 - b2 - a2;
        d[3] = b1 - b2 * 1.5f - v5 + a1;
        d[4] = b2 - v5 * 1.5f + a2;
        d[5] = v5;
        return;
    }
    vf v6 = v[6 * step], v7 = v[7 * step];
    vf even1 = v1 + v2, odd1 = v1 - v2, even2 = v3 + v4, odd2 = (v3 - v4) * 2.0f;
    vf even3 = v5 + v6, odd3 = (v5 - v6) * 0.5f;
    d[0] = -v0;
    d[1] = odd1 + odd2 * 0.25f + odd3 * 4.0f - v7;
    d[2] = even1 + even2 * 0.25f + even3 * 4.0f + v0 * 5.25f;
    d[3] = v7 * 5.25f - odd1 * 4.25f - odd2 * 1.25f - odd3 * 5.0f;
    d[4] = -even1 * 4.25f - even2 * 1.25f - even3 * 5.0f - v0 * 5.25f;
    d[5] = odd1 + odd2 + odd3 - v7 * 5.25f;
    d[6] = even1 + even2 + even3 + v0;
    d[7] = v7;
}

/* A' v, added to START */
INLINE void from_points(const vf *v, long step, vf start, vf *y, const int POINTS)
{
    if (POINTS == 9) {
        from_nine_points(v, step, start, y);
        return;
    }
    vf v1 = v[step], v2 = v[2 * step], v3 = v[3 * step], v4 = v[4 * step];
    vf even = v1 + v2 + start, odd = v1 - v2 + start;
    if (POINTS == 6) {
        y[0] = v[0] + even + (v3 + v4);
        y[1] = odd + (v3 * 2.0f - v4 * 0.5f);
        y[2] = even + (v3 * 4.0f + v4 * 0.25f);
        y[3] = odd + v[5 * step] + (v3 * 8.0f - v4 * 0.125f);
        return;
    }
    vf v5 = v[5 * step], v6 = v[6 * step];
    vf even2 = v3 + v4, odd2 = v3 - v4, even3 = v5 + v6, odd3 = v5 - v6;
    y[0] = v[0] + even + even2 + even3;
    y[1] = odd + odd2 * 2.0f + odd3 * 0.5f;
    y[2] = even + even2 * 4.0f + even3 * 0.25f;
    y[3] = odd + v[7 * step] + odd2 * 8.0f + odd3 * 0.125f;
}

/* A g */
INLINE void from_points_back(const vf *g, vf *to, long step, const int POINTS)
{
    if (POINTS == 9) {
        from_nine_points_back(g, to, step);
        return;
    }
    vf even = g[0] + g[2], odd = g[1] + g[3];
    to[0] = g[0];
    to[step] = even + odd;
    to[2 * step] = even - odd;
    if (POINTS == 6) {
        to[3 * step] = ((g[3] * 2.0f + g[2]) * 2.0f + g[1]) * 2.0f + g[0];
        to[4 * step] = ((g[3] * -0.5f + g[2]) * -0.5f + g[1]) * -0.5f + g[0];
        to[5 * step] = g[3];
        return;
    }
    vf even2 = g[2] * 4.0f + g[0], odd2 = g[3] * 4.0f + g[1];
    vf even3 = g[2] * 0.25f + g[0], odd3 = g[3] * 0.25f + g[1];
    to[3 * step] = even2 + odd2 * 2.0f;
    to[4 * step] = even2 - odd2 * 2.0f;
    to[5 * step] = even3 + odd3 * 0.5f;
    to[6 * step] = even3 - odd3 * 0.5f;
    to[7 * step] = g[3];
}
