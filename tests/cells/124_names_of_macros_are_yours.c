typedef enum { false, true } bool;
bool ok = true;
ok
// ---
typedef int bool;
bool b = 7;
b
// ---
typedef _Bool bool;
const bool false = 0;
const bool true = 1;
bool z = true;
z
// ---
double I = 2.5, M_PI = 3; I * M_PI
// ---
int RAND_MAX = 4; RAND_MAX
// ---
extern int errno; errno = 4; errno
