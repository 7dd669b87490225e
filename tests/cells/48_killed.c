#include <signal.h>
#include <unistd.h>
int x = 5;
// ---
x = 6; kill(getpid(), 9);
// ---
x
// ---
x = 7; kill(0, SIGKILL);
// ---
x
