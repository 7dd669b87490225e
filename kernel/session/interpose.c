/*
 * Functions of libc that mean something else in a cell: those that end the process, make another
 * one or a thread, or wait. In a process that a cell has forked they are what they always were.
 */
#include "run_internal.h"

#include "trace.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- atexit ------------------------------------------------------------------------------- */

static void (**exit_functions)(void);
static size_t exit_count;

static int cell_atexit(void (*function)(void))
{
    void (**more)(void) = realloc(exit_functions, (exit_count + 1) * sizeof *more);
    if (!more)
        return -1;
    exit_functions = more;
    exit_functions[exit_count++] = function;
    return 0;
}

void run_exit_functions(void)
{
    while (exit_count > 0)
        exit_functions[--exit_count]();
}

/* --- Ends --------------------------------------------------------------------------------- */

/* The process ends with STATUS: report it as an error of the cell. */
static void end_with(const char *function, int status)
{
    char message[200];
    static char lines[8000];
    trace_t trace;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    trace_take(&trace, &(trace_start){.pc = (uintptr_t)end_with, .stack = here, .frame = here});
    debug_place place;
    char where[100] = "";
    text_sink at = {.out = where, .size = sizeof where - 1};
    if (trace_place(&trace, &place)) {
        sink_text(&at, strcmp(place.function, "cell") == 0 ? " at " : " in ");
        trace_put_place(&at, &place);
        where[at.used] = '\0';
    }
    text_sink text = {.out = lines, .size = sizeof lines - 1};
    trace_put_lines(&text, &trace);
    lines[text.used] = '\0';
    snprintf(message, sizeof message, "%s(%d)%s", function, status, where);
    fflush(NULL);
    run__die("ExitStatus", message, lines, 0, status & 255);
}

static void cell_exit(int status)
{
    if (run__in_child()) {
        run_exit_functions();
        exit(status);
    }
    if (status != 0)
        end_with("exit", status);
    if (!run__in_cell())
        run__end_from_thread(RUN_EXITED);
    fflush(NULL);
    run__leave(RUN_EXITED);
}

static void cell_exit_now(int status)
{
    if (run__in_child())
        _exit(status);
    end_with("_exit", status);
}

static void cell_quick_exit(int status)
{
    if (run__in_child())
        quick_exit(status);
    end_with("quick_exit", status);
}

static void cell_abort(void)
{
    fault_expect_abort("abort() called");
    abort();
}

static void cell_assert_fail(const char *assertion, const char *file, unsigned line,
                             const char *function)
{
    char text[600];
    fprintf(stderr, "%s:%u: %s%sAssertion `%s' failed.\n", file, line,
            strncmp(function, "__cell", 6) == 0 ? "" : function,
            strncmp(function, "__cell", 6) == 0 ? "" : ": ", assertion);
    snprintf(text, sizeof text, "assertion failed: %s", assertion);
    fault_expect_abort(text);
    abort();
}

/* --- Memory ------------------------------------------------------------------------------- */

/* Remember what was not given: the cell that does not look will use a NULL pointer. */
static void *note(void *memory, size_t size)
{
    if (!memory && size > 0 && run__in_cell())
        run__state.refused = size;
    return memory;
}

static void *cell_malloc(size_t size)
{
    return note(malloc(size), size);
}

static void *cell_calloc(size_t count, size_t size)
{
    size_t all;
    void *memory = calloc(count, size);
    return note(memory, __builtin_mul_overflow(count, size, &all) ? SIZE_MAX : all);
}

static void *cell_realloc(void *old, size_t size)
{
    return note(realloc(old, size), size);
}

/* --- Processes ---------------------------------------------------------------------------- */

static pid_t cell_fork(void)
{
    fflush(NULL); /* the child shall not print it once more */
    pid_t child = fork();
    if (child == 0) {
        /* Its deaths are its own, and Stop ends it as it does in a terminal. */
        static const int numbers[] = {SIGINT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            signal(numbers[i], SIG_DFL);
    }
    return child;
}

/* Wait for the command; its status, -1 if there is none. A shell that is just starting a program may
   take a Stop for itself and go on waiting: after a while, ask all of the group once more. */
static int wait_for_command(pid_t child)
{
    struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, child, 0), .events = POLLIN};
    int status, looks = 0; /* since Stop */
    pid_t ended;
    while ((ended = waitpid(child, &status, WNOHANG)) == 0) {
        sigset_t come;
        poll(&end, 1, end.fd < 0 ? 10 : 250);
        sigpending(&come);
        if (sigismember(&come, SIGINT) && ++looks == (end.fd < 0 ? 50 : 2))
            kill(0, SIGINT);
    }
    if (end.fd >= 0)
        close(end.fd);
    return ended < 0 ? -1 : status;
}

/* Let a shell run the command; Stop is for it alone until it ends. As system() does, but that throws
   away a Stop that comes before there is a command. */
static int run_command(const char *command)
{
    sigset_t held, defaults, before, come;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGQUIT);
    held = defaults;
    sigaddset(&held, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &held, &before);

    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setsigmask(&attributes, &before);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    char *words[] = {"sh", "-c", "--", (char *)command, NULL};
    pid_t child;
    int status = 127 << 8; /* as from a shell that cannot be started */
    if (posix_spawn(&child, "/bin/sh", NULL, &attributes, words, environ) == 0) {
        sigpending(&come);
        if (sigismember(&come, SIGINT))
            kill(child, SIGINT);
        status = wait_for_command(child);
    }
    posix_spawnattr_destroy(&attributes);
    int error = errno;
    while (sigtimedwait(&defaults, NULL, &(struct timespec){0}) > 0)
        continue;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return status;
}

static int cell_system(const char *command)
{
    if (!command || gettid() != run__state.thread || !run__in_cell())
        return system(command);
    stop_poll(); /* what came on the way here */
    int status = run_command(command);
    bool stopped = status != -1 && ((WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) ||
                                    (WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGINT));
    if (stopped) {
        run__state.wish = RUN_INTERRUPTED;
        run__state.pending = 1;
        stop_poll();
    }
    return status;
}

/* The frozen copies of the session are children of it, too; they are in another group. */
static pid_t cell_waitpid(pid_t process, int *status, int options)
{
    return waitpid(process == -1 ? 0 : process, status, options);
}

static pid_t cell_wait(int *status)
{
    return cell_waitpid(-1, status, 0);
}

static pid_t cell_wait4(pid_t process, int *status, int options, struct rusage *usage)
{
    return wait4(process == -1 ? 0 : process, status, options, usage);
}

static pid_t cell_wait3(int *status, int options, struct rusage *usage)
{
    return cell_wait4(-1, status, options, usage);
}

static int cell_waitid(idtype_t which, id_t id, siginfo_t *info, int options)
{
    if (which == P_ALL)
        return waitid(P_PGID, (id_t)getpgrp(), info, options);
    return waitid(which, id, info, options);
}

/* --- Threads ------------------------------------------------------------------------------ */

typedef struct thread_start {
    void *(*function)(void *);
    void *argument;
} thread_start;

enum { THREAD_SIGNAL_STACK = 64 << 10 };

static void drop_signal_stack(void *stack)
{
    sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
    munmap(stack, THREAD_SIGNAL_STACK);
}

/* A thread of the cell's: leaves Stop to the cell's own, and can report that its stack is full. */
static void *run_thread(void *argument)
{
    thread_start start = *(thread_start *)argument;
    free(argument);
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, NULL);
    void *stack = mmap(NULL, THREAD_SIGNAL_STACK, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED)
        return start.function(start.argument);
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = THREAD_SIGNAL_STACK}, NULL);
    void *result;
    pthread_cleanup_push(drop_signal_stack, stack);
    result = start.function(start.argument);
    pthread_cleanup_pop(1);
    return result;
}

static int cell_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                               void *(*function)(void *), void *argument)
{
    thread_start *start = malloc(sizeof *start);
    if (!start)
        return 11; /* EAGAIN, as for any want of resources */
    *start = (thread_start){function, argument};
    int error = pthread_create(thread, attributes, run_thread, start);
    if (error)
        free(start);
    return error;
}

static void cell_pthread_exit(void *result)
{
    if (run__in_cell())
        run__leave(RUN_EXITED);
    pthread_exit(result);
}

/* ------------------------------------------------------------------------------------------ */

bool interpose_install(loader_t *loader)
{
    static const struct {
        const char *name;
        void *function;
    } list[] = {
        {"exit", cell_exit},
        {"_exit", cell_exit_now},
        {"_Exit", cell_exit_now},
        {"quick_exit", cell_quick_exit},
        {"abort", cell_abort},
        {"__assert_fail", cell_assert_fail},
        {"atexit", cell_atexit},
        {"malloc", cell_malloc},
        {"calloc", cell_calloc},
        {"realloc", cell_realloc},
        {"fork", cell_fork},
        {"vfork", cell_fork},
        {"system", cell_system},
        {"wait", cell_wait},
        {"waitpid", cell_waitpid},
        {"wait3", cell_wait3},
        {"wait4", cell_wait4},
        {"waitid", cell_waitid},
        {"pthread_create", cell_pthread_create},
        {"pthread_exit", cell_pthread_exit},
        {"__nb_poll", stop_poll},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        if (loader_interpose(loader, list[i].name, list[i].function) != 0)
            return false;
    }
    return true;
}
