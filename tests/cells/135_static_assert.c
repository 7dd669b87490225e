static_assert(sizeof(int) == 4, "four bytes");
// ---
static_assert(sizeof(int) == 4);
// ---
static_assert(sizeof(int) == 8, "eight bytes");
// ---
#include <assert.h>
static_assert(1, "at file scope");
void f(void) { static_assert(1, "in a function"); _Static_assert(2 > 1); }
struct s { int a; static_assert(1, "in a structure"); };
sizeof(struct s)
// ---
static_assert(sizeof(struct s) == 4, "a value");
