double d = "x";
// ---
double half(double x) { return x / 2; }
half("2")
// ---
int *p = 0; float f; f = p;
// ---
float f(char *s) { return s; }
// ---
double d[2] = {1, 2}, x = 1; d[x]
// ---
int a[3] = {1, 2, 3}, *p = a; p += 1.5f * a[0];
// ---
double x = 1; switch (x) { case 1: puts("one"); }
// ---
double x = 7; x % 2
// ---
int i = 2; unsigned char c = 200; unsigned long l = 1ul << 40;
switch (i) { case 2: switch (i + 1) { case 3: puts("3"); } }
switch (c) { case 200: puts("200"); }
switch (l) { case 1ul << 40: puts("big"); }
switch ((char)200) { case -56: puts("-56"); }
// ---
double half(double x) { return x / 2; } long n = (long)&i; double e = n > 0; e + half(i) + (double)(n != 0) + *(&i + (int)e - 1)
// ---
struct s { int a; } v, w;
// ---
v + w
// ---
v();
// ---
v.a.b
// ---
v->a
// ---
int b[2] = {1, 2, 3};
// ---
struct s u = {1, 2};
// ---
struct unknown k;
// ---
int b[2] = 3;
// ---
08
