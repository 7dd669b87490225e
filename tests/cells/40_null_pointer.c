int x = 41;
// ---
int *p = 0; *p = 1;
// ---
x + 1
// ---
x = 2;
int zero = 0;
*(int *)0 = 1;
// ---
x
// ---
zero
