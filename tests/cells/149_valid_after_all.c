enum color { RED, GREEN }; double f(enum color c) { double x = 1.5, y = 2.5; return x + y; } f(RED)
// ---
enum color one = 1.0, other = RED; one
// ---
struct bits { unsigned tm_sec : 3; }; struct tm t; int *p = &t.tm_sec; p == &t.tm_sec
// ---
struct { uint8_t tag[4]; int k; } s[] = {"abc"}; s[0].tag[1]
// ---
printf("%zu\n", offsetof(struct tm, tm_min)); int tm_min = 3; tm_min
// ---
struct __attribute__((packed)) tight { char c; int i; }; sizeof(struct tight)
// ---
struct tight w = {1, 2}; sizeof w + w.i
// ---
struct __attribute__((aligned(32))) wide { char c; } q; sizeof q
// ---
struct __attribute__((packed)) { char c; int i; } nameless; sizeof nameless
// ---
enum __attribute__((packed)) small { A, B }; sizeof(enum small)
// ---
enum { C, D } __attribute__((packed)) e = D; e
// ---
int n = 5;
// ---
int n = n * 2;
// ---
n
// ---
int *own = malloc(sizeof *own); struct node { struct node *next; } head = {&head}; void *self = &self; own && head.next == &head && self == &self
