int x = 7;
// ---
int rec(int n) { char b[1000]; b[0] = n; return rec(n + 1) + b[0]; }
rec(0)
// ---
void big(void) { char b[64 << 20]; b[0] = 1; }
big();
// ---
x
