#include <sys/wait.h>
int x = 41;
// ---
x = 42; exit(0); x = 43;
// ---
x
// ---
x = 44; _exit(0);
// ---
x
// ---
int leave(int status) { quick_exit(status); }
leave(5);
// ---
int a, b, c;
if (!fork()) exit(4);
wait(&a);
if (!fork()) *(volatile int *)0 = 1;
wait(&b);
if (!fork()) abort();
waitpid(-1, &c, 0);
printf("%d %d %d %d\n", WEXITSTATUS(a), WTERMSIG(b), WTERMSIG(c), wait(NULL));
// ---
void bye(void) { puts("bye"); }
atexit(bye);
if (!fork()) exit(0);
wait(NULL);
// ---
raise(SIGSEGV);
// ---
__builtin_trap();
// ---
x
