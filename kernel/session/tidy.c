#include "tidy.h"

#include <fenv.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>
#include <unistd.h>

#include "messages.h"

/* 0 stands for SIGRTMAX, which is no constant. */
static const int engine_signals[] = {SIGINT, SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGABRT,
                                     SIGTRAP, SIGSYS, SIGCHLD, SIGPIPE, SIGALRM, 0};
#define COUNT (sizeof engine_signals / sizeof engine_signals[0])

static struct sigaction actions[COUNT];
static sigset_t mask;
static fenv_t arithmetic;
static bool saved;

static int signal_at(size_t i)
{
    return engine_signals[i] ? engine_signals[i] : SIGRTMAX;
}

void tidy_before_cell(void)
{
    for (size_t i = 0; i < COUNT; i++)
        sigaction(signal_at(i), NULL, &actions[i]);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    fegetenv(&arithmetic);
    saved = true;
}

void tidy_after_cell(void)
{
    if (!saved)
        return;
    saved = false;
    alarm(0);
    for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++)
        setitimer((__itimer_which_t)which, &(struct itimerval){0}, NULL);
    signal(SIGALRM, SIG_IGN); /* forgets one that the cell kept blocked */
    for (size_t i = 0; i < COUNT; i++)
        sigaction(signal_at(i), &actions[i], NULL);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    fesetenv(&arithmetic);
    dup2(FD_STDOUT, STDOUT_FILENO);
    dup2(FD_STDERR, STDERR_FILENO);
}

void tidy_adopt(void)
{
    tidy_after_cell();
}
