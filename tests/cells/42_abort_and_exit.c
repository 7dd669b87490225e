int x = 1;
// ---
x = 2; abort();
// ---
x
// ---
x = 3; exit(3);
// ---
x
// ---
x = 4; exit(0); x = 5;
// ---
x
// ---
#include <unistd.h>
x = 6; _exit(0);
// ---
x
