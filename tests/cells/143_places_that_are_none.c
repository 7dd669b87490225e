int x, y; (char)x = 3;
// ---
int x, y; (x, y) = 3;
// ---
int f(int a, int b) { return (a, b) += 2; }
// ---
int f(int a) { if (a) (unsigned char)a++; else (long)a = 3; return a; }
// ---
struct { int b : 3; unsigned c; } s = {1, 2}; int *p = &s.b;
// ---
struct bits { int b : 3; unsigned c; } s = {1, 2}, *t = &s; s.b
// ---
&t->b
// ---
sizeof s.b
// ---
int size(struct bits *p) { return sizeof(p->b); }
// ---
*&t->c + *&(s.c) + sizeof s.c + (t->c & s.b)
// ---
int f(void) { register int r = 3; int *p = &r; return *p; }
// ---
int f(register int a, int b) { register int r = 3, *q = &b; b &= r; return b & r & *q & a; } f(7, 7)
// ---
register int r = 4; *&r
// ---
struct unknown f(void) { }
// ---
int f(struct unknown u) { return 1; }
// ---
int f(struct unknown *u, struct bits v, struct bits *w) { return v.c + (u == 0); } struct bits g(void) { return s; } f(0, g(), t)
// ---
int x, y, z[2], *q = z; char c = 0; x = 5, y = 6; *(char *)q = 3; (*q) = (c = 4, 7); ((char *)q)[1] = (char)x; *q + (int)c + (x, y)
// ---
int main(void) { int n = 4, (k) = 2, m[2] = {(n, k), 1}; for (n = 0, (k) = 3; n < 2; n++) (*m) = n, (m[1]) = 2; printf("%d %d\n", m[0], (m)[1]); return 0; }
// ---
char *p; ((int *)p)++;
// ---
int *p; ++(char *)p;
// ---
int *p; (char *)(void *)p = 0;
// ---
int f(const int n) { return n++; }
// ---
int f(int a, char *const p) { *p = 'x'; p = 0; return a; }
// ---
void f(const struct bits b) { b.c = 3; }
// ---
int f(const int n, const char *s, int *const q, const int a[2], const int k) { int t = n; for (int k = 0; k < 2; k++) t += k; s++; *q = t; q[0]++; return n == *q - 2 && k > 0 && *s; }
int r2; f(3, "ab", &r2, NULL, 4)
// ---
void foo() = 0;
// ---
struct bits give(void) { return s; } give().c = 3;
// ---
struct bits give(void) { return s; } struct bits *lead(void) { return t; } lead()->c = 5; (*lead()).c++; t->c + give().c
// ---
wchar_t w[] = "abc";
// ---
char n[] = L"abc";
// ---
int n[] = {"abc"};
// ---
wchar_t w[] = L"abc", *list[] = {L"a"}; char n[] = {"ab" "c"}, *names[] = {"a"}; unsigned char u[] = "abc"; sizeof w + sizeof n + sizeof u
