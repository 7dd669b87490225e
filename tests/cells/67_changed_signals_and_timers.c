#include <signal.h>
#include <unistd.h>
#include <fenv.h>
int x = 1;
// ---
signal(SIGINT, SIG_IGN); signal(SIGSEGV, SIG_IGN); alarm(1); fesetround(FE_UPWARD);
sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, NULL);
// ---
sleep(2); fegetround() == FE_TONEAREST
// ---
x = 2; for (;;) ;
// ---
*(int *)0 = 1;
// ---
x
