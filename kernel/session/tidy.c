#include "tidy.h"

#include <fenv.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
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
static struct rlimit limits[RLIMIT_NLIMITS];
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
    for (int which = 0; which < RLIMIT_NLIMITS; which++)
        getrlimit((__rlimit_resource_t)which, &limits[which]);
    saved = true;
}

/* A cell that went without memory, descriptors or time shall not leave the next one without. What
   it has lowered for good stays lowered. */
static void restore_limits(void)
{
    for (int which = 0; which < RLIMIT_NLIMITS; which++) {
        struct rlimit now;
        if (getrlimit((__rlimit_resource_t)which, &now) < 0)
            continue;
        now.rlim_cur = limits[which].rlim_cur < now.rlim_max ? limits[which].rlim_cur
                                                             : now.rlim_max;
        setrlimit((__rlimit_resource_t)which, &now);
    }
}

void tidy_keep_limit(int which)
{
    getrlimit((__rlimit_resource_t)which, &limits[which]);
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
    restore_limits();
    setpgid(0, 0);
    dup2(FD_STDOUT, STDOUT_FILENO);
    dup2(FD_STDERR, STDERR_FILENO);
}

void tidy_adopt(void)
{
    tidy_after_cell();
}
