int x = 1;
// ---
x = 7; for (;;) ;
// ---
x
// ---
int n = 0;
for (;;) { void *p = malloc(1000); n++; free(p); }
// ---
n > 0
// ---
1 + 1
