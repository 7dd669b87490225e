struct m { double a; long b; }; typedef struct { float x, y; int n; } fm; typedef struct m mt;
// ---
%%native
long g(struct m v) { return v.b; }
struct m mk(void) { return (struct m){1.5, 7}; }
float h(fm v, int k) { return v.n + v.y + k; }
double two(struct m *p) { return p->a; }
// ---
struct m v = {1, 2}; g(v)
// ---
mk()
// ---
h((fm){1, 2, 3}, 4)
// ---
two(&v)
// ---
double own(mt v) { return v.a + v.b; } own(v)
// ---
%%native
own(v)
// ---
double library(int k, struct m v);
// ---
struct o1 { double a, b; }; struct o2 { long a; int b; }; struct o3 { double a, b, c; int d; }; struct o4 { float f; int i; };
// ---
%%native
double f1(struct o1 v) { return v.b; }
int f2(struct o2 v) { return v.b; }
int f3(struct o3 v) { return v.d; }
int f4(struct o4 v) { return v.i; }
// ---
f1((struct o1){1, 2}) + f2((struct o2){1, 2}) + f3((struct o3){1, 2, 3, 4}) + f4((struct o4){1, 5})
