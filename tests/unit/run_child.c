#include "run_child.h"

#include "cell_source.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the child leaves for the parent. */
typedef struct shared {
    child_end end;
    volatile int ready;
} shared_t;

static shared_t *shared;

static void died(void *context, const char *name, const char *message, const char *trace)
{
    (void)context;
    shared->end.died = true;
    strncpy(shared->end.report.name, name, sizeof shared->end.report.name - 1);
    strncpy(shared->end.report.message, message, sizeof shared->end.report.message - 1);
    strncpy(shared->end.report.trace, trace, sizeof shared->end.report.trace - 1);
}

/* Called by cells: they have begun. */
static void begin(void)
{
    shared->ready = 1;
}

static int load(loader_t *loader, const char *text, int number)
{
    char *source;
    if (asprintf(&source, "#include <stdio.h>\n#include <stdlib.h>\n"
                          "#include <string.h>\n#include <unistd.h>\n#undef __attribute__\n"
                          "void begin(void);"
                          "%s int value;\n#line 1 \"In[%d]\"\n%s\n",
                 number > 1 ? "extern" : "", number, text) < 0)
        abort();
    int image = cell_load(loader, source, number, "", "");
    free(source);
    return image;
}

static void run_in_child(const char *cell, const child_options *options)
{
    char error[256];
    loader_t *loader = loader_create(cell_helpers(), error, sizeof error);
    run_hooks hooks = {.died = died};
    if (!loader || run_init(loader, &hooks, error, sizeof error) != 0)
        abort();
    loader_interpose(loader, "begin", (void *)begin);
    run_let_die(!options->survive);
    run_report report;
    int image = load(loader, options->first ? options->first : "", 1);
    void *first = loader_image_symbol(loader, image, "__cell");
    if (first)
        run_cell((void (*)(void))first, 1, &report);
    image = load(loader, cell, 2);
    void *entry = loader_image_symbol(loader, image, options->is_main ? "main" : "__cell");
    if (!entry)
        abort();
    if (options->stop_first)
        raise(SIGINT);
    if (options->is_main)
        run_main((int (*)(int, char **))entry, true, 1, (char *[]){"a.out", NULL}, 2,
                 &shared->end.report);
    else
        run_cell((void (*)(void))entry, 2, &shared->end.report);
    signal(SIGINT, SIG_IGN); /* the rest of a burst */
    run_forget_interrupts();
    shared->end.value = *(int *)loader_symbol(loader, "value");
    image = load(loader, "void __cell(void) { char *p = malloc(100); sprintf(p, \"%d\", 5);"
                         "  free(p); value = 777; }", 3);
    run_cell((void (*)(void))loader_image_symbol(loader, image, "__cell"), 3, &report);
    shared->end.is_alive = report.end == RUN_DONE &&
                           *(int *)loader_symbol(loader, "value") == 777;
    fflush(NULL);
    _exit(0);
}

static void sleep_ms(long milliseconds)
{
    nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000}, NULL);
}

static void send_stops(pid_t child, const child_options *options)
{
    for (int i = 0; i < options->stops; i++) {
        for (int waited = 0; !shared->ready && waited < 10000; waited++)
            sleep_ms(1);
        sleep_ms(i == 0 ? STOP_AFTER_MS : STOP_EVERY_MS);
        kill(options->to_group ? -child : child, SIGINT);
        for (int k = 1; k < options->burst; k++) {
            kill(child, SIGINT);
            sched_yield();
        }
    }
}

void child_run(const char *cell, const child_options *options, child_end *end)
{
    int ends[2];
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setpgid(0, 0);
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        setvbuf(stdout, NULL, _IONBF, 0);
        alarm(60);
        run_in_child(cell, options);
    }
    setpgid(child, child);
    close(ends[1]);
    send_stops(child, options);
    size_t used = 0;
    ssize_t got;
    char output[sizeof end->output] = "";
    while ((got = read(ends[0], output + used, sizeof output - 1 - used)) > 0)
        used += (size_t)got;
    close(ends[0]);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    *end = shared->end;
    end->status = status;
    memcpy(end->output, output, sizeof output);
    munmap(shared, sizeof *shared);
}
