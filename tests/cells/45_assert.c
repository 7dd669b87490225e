#include <assert.h>
int x = 1;
// ---
x = 99; assert(x == 98);
// ---
x
