struct point { int x; double y; } q = {1, 2.5}; q
// ---
struct point all[2] = {{1, 2}, {3, 4}}; all
// ---
struct line { struct point from, to; const char *name; } edge = {{0, 0}, {3, 4}, "edge"}; edge
// ---
union number { int i; float f; } u = {.f = 1.0f}; u
// ---
struct flags { unsigned a : 3, b : 5; int c : 4; } f = {5, 17, -3}; f
// ---
struct node { int value; struct node *next; } last = {2}, first = {1, &last}; *first.next
// ---
struct { int plain; union { int i; char c[4]; }; } unnamed = {1, {65}}; unnamed
// ---
struct deep { struct { struct { struct { int v; } c; } b; } a; } d = {{{{1}}}}; d
// ---
d.a.b.c
// ---
typedef struct { float re, im; } number; number z = {1, -1}; z
// ---
const struct point *pointer = &q; *pointer
// ---
struct point make(int x) { struct point p = {x, x / 2.0}; return p; }
make(5)
// ---
enum color { RED, GREEN, BLUE = 7 }; struct pixel { enum color c; char letter; } px = {BLUE, 'b'}; px
// ---
(enum color)3
// ---
struct point { int x; double y; long z; };
struct point wider = {7, 8, 9};
wider
// ---
q
