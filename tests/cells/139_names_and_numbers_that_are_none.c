struct s { int a; double a; };
// ---
struct s { int a; struct { int b; union { int c; float a; }; }; };
// ---
struct s { int a; struct { int a; } b; union { int c; struct { int d; }; }; } v = {1, {2}, {3}}; v.b.a + v.d
// ---
int f(int a, int b, int a);
// ---
int f(int a, int (*g)(int a), double (*b)[3]) { struct { int a, x; } q = {a, 2}; struct { int a; } r = {1}; return q.a + r.a + g(2); }
f(1, abs, 0)
// ---
int f(void) { union { int m; int m; } u; return 0; }
// ---
enum e { A, B = 1.5 };
// ---
int a[2.5];
// ---
int a[3] = {1, 2, 3}; a[1.0]
// ---
int f(int x) { switch (x) { case 1.5: return 1; } return 0; }
// ---
enum e { A = (int)1.5, B = sizeof(double) }; A + B
// ---
int m[2, 3];
// ---
int m[2][3]; int *g(int a[3], int b), h(int x); m[0, 1]
// ---
3lul
// ---
0x
// ---
10lL + 1
// ---
1u + 2UL + 3ll + 4LLU + 0x5ul + 0b11 + 07L + 0uLL
// ---
"\xyz"
// ---
"\u12"
// ---
'\400'
// ---
"\x41BC"
// ---
L"\x3b1\400"[0] + '\377' + "\x41" "BC"[1]
// ---
#define REAL double
struct calls { REAL (*first)(REAL); REAL (*second)(REAL); bool (*third)(int); bool (*fourth)(int); } calls; bool both(bool (*a)(int), bool (*b)(int)) { return a(1) && b(1); }
sizeof calls
