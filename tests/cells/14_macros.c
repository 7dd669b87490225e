#define SQ(v) ((v)*(v))
// ---
SQ(5)
// ---
#undef SQ
// ---
SQ(5)
// ---
#define N 3
int a = N;
#undef N
#define N 4
int b = N;
a * 10 + b
// ---
N
// ---
int M; M = 2;
#define M 7
M
// ---
#define LONG 1 + \
  2
LONG
