int f(int n) { struct s { char b[n]; }; return sizeof(struct s); }
// ---
int g(int n) { typedef int row[n]; struct t { int a; row b[2]; }; return 0; }
// ---
double h(int m, double *b) { typedef double row[m]; row *p = (row *)b; return p[1][1]; }
// ---
long apart(int n) { int v[n]; return (char *)(&v + 1) - (char *)v; }
// ---
int size(int n) { int v[n][n]; __typeof__(v[0]) *p = v; return sizeof *p; }
// ---
typedef struct { double x, y; } point;
double last(int n, ...) { va_list v; va_start(v, n); point p = va_arg(v, point); va_end(v); return p.y; }
// ---
typedef struct { int x, y; } pair; typedef struct { double x, y, z; } solid;
int sum_of(int n, ...) { va_list v; va_start(v, n); pair p = va_arg(v, pair); solid s = va_arg(v, solid); va_end(v); return p.x + p.y + s.z; }
pair q = {1, 2}; solid s = {3, 4, 5}; sum_of(2, q, s)
// ---
int pick(unsigned long long v) { switch (v) { case 1000000000000000000ULL ... 9999999999999999999ULL: return 19; } return 20; }
// ---
int plain(int v) { switch (v) { case -5 ... 5: return 1; } return 2; } plain(3)
// ---
int ordinary(int n) { enum { K = 3 }; struct s { int a[K], b[sizeof(int)]; } x; int v[n]; v[0] = K; memset(&v[0], 0, sizeof v); v[0] = K; x.a[0] = v[0]; return sizeof x; } ordinary(2)
// ---
volatile long double r = 2.5L; (int)(double)r
// ---
int clear(int n) { int v[n]; memset(&v, 0, sizeof v); return v[0]; }
