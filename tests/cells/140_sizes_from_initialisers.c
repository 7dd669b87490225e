struct p { int x, y; }; struct p a[] = {1, 2, 3, 4}; sizeof a / sizeof *a
// ---
a
// ---
int b[][2] = {1, 2, 3}; b
// ---
char s[] = {"hey"}; s
// ---
int n = 5; struct p r[] = {n, n + 1, n + 2}; r
// ---
typedef struct p P; P t[] = {{n, 2}, {3, n}}; t
// ---
int rows[][2] = {n, 1, 2}; rows
// ---
int f(int x) { return x; } int (*fp)(int) = f, (*fs[])(int) = {fp, f, fp}; sizeof fs / sizeof *fs
// ---
char *names[] = {"a", "b", "c"}, texts[][4] = {"ab", "c"}; sizeof names / sizeof *names + sizeof texts
// ---
int m[][2][2] = {{1, 2, 3, 4}, {5}}; unsigned long l[] = {n, 2, 3}; sizeof m / sizeof *m + sizeof l / sizeof *l
