#include <unistd.h>
int x = 5;
// ---
x = 6; for (int i = 3; i < 1024; i++) close(i);
// ---
x > 0
