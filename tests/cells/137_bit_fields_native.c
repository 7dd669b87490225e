struct bits { unsigned a : 3; int b : 5; unsigned long long c : 40; char ch; double d; char s[4]; }
    bf = {5, -3, 1ull << 39, 'c', 1.5, "abc"};
// ---
%%native
bf.b
// ---
%%native
bf.c
// ---
%%native
bf.ch
// ---
%%native
bf.d
// ---
%%native
bf.s
// ---
%%native
bf.b++
// ---
%%native
bf
