typedef struct { const char *name; tensor_t *values; } named;
tensor_t zeros = tensor_zeros(2, 3); named one = {"one", &zeros};
// ---
*one.values
// ---
#define VALUES_OF(n) (*(n).values)
VALUES_OF(one)
// ---
struct model_t *first(struct model_t *m) { return m; }
first(Sequential("small", Input(4), Dense(2)))
// ---
typedef tensor_t matrix; matrix grid = tensor_zeros(4, 4);
// ---
(grid)
// ---
#define JOIN(a, b) a##b
JOIN(ze, ros)
// ---
int n = 3; one.values == &zeros ? n + 1 : 0
