enum e { A, B, C };
struct bits {
    unsigned a : 3;
    int b : 5;
    unsigned long long c : 40;
    _Bool t : 1;
    enum e x : 3;
    int plain;
    char ch;
    double d;
    char s[4];
} bf = {5, -3, 1ull << 39, 1, C, 7, 'c', 1.5, "abc"};
bf.a
// ---
bf.b
// ---
bf.c
// ---
bf.t
// ---
bf.x
// ---
bf.plain
// ---
bf.ch
// ---
bf.d
// ---
bf.s
// ---
bf.b = -7
// ---
bf.a++
// ---
(bf.b)
// ---
1 ? bf.b : 0
// ---
struct bits *q = &bf; q->b
// ---
#define BB bf.b
BB
// ---
-bf.b
// ---
bf.a = 9; bf.a
// ---
q = NULL; q->b
// ---
q->b
// ---
struct flags { unsigned on : 1, : 3, off : 1; } f[2] = {{1, 0}, {0, 1}}; f[1].off
// ---
f[1].off ? "off" : "on"
