/*
 * The life of a session's processes: they start, take over from one another, and are all gone in
 * the end, however the front ends. Each front is a child of its own, in a session (setsid) of its
 * own; what of it is left is found by that session's number and by a mark in the environment.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

static const char *worker_path;

/* What a front does; it answers on stdout with one line. */
typedef void (*scene)(host_t *host, FILE *answer);

typedef struct collected {
    char text[8192];
    size_t size;
} collected;

static void on_stream(void *context, int fd, const char *text, size_t size, int number)
{
    (void)fd, (void)number;
    collected *c = context;
    if (size > sizeof c->text - 1 - c->size)
        size = sizeof c->text - 1 - c->size;
    memcpy(c->text + c->size, text, size);
    c->size += size;
    c->text[c->size] = '\0';
}

static collected seen;
static char said[256]; /* by the last cell's error */

static void block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static host_t *start(void)
{
    char error[512] = "";
    host_options options = {
        .events = {.stream = on_stream}, .context = &seen, .worker_path = worker_path};
    host_t *host = host_start(&options, error, sizeof error);
    if (!host)
        fprintf(stderr, "%s\n", error);
    return host;
}

/* Run a cell; returns "ok", or the name of its error (valid until the next call). */
static const char *run(host_t *host, const char *code)
{
    static char name[64];
    static int number;
    host_reply reply;
    seen.size = 0;
    seen.text[0] = '\0';
    host_execute(host, code, strlen(code), &(host_execute_options){.number = ++number}, &reply);
    snprintf(name, sizeof name, "%s", reply.status == HOST_OK ? "ok" : reply.ename);
    snprintf(said, sizeof said, "%s: %s", reply.ename, reply.evalue);
    host_reply_free(&reply);
    return name;
}

/* Processes that carry MARK in their environment (the scene's own excepted). */
static int count_marked(const char *mark, pid_t except)
{
    DIR *proc = opendir("/proc");
    int count = 0;
    assert_non_null(proc);
    for (struct dirent *e; (e = readdir(proc));) {
        char path[300];
        static char text[65536];
        pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
        if (pid <= 0 || pid == except)
            continue;
        snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
        int fd = open(path, O_RDONLY);
        ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text);
        if (fd >= 0)
            close(fd);
        count += n > 0 && memmem(text, (size_t)n, mark, strlen(mark)) != NULL;
    }
    closedir(proc);
    return count;
}

typedef struct front {
    pid_t pid;
    char mark[64];
    char answer[4096];
} front;

/* Play a scene in a process of its own and read its answer. It is then waiting to be killed. The
   front is executed anew, since the environment that others see is that of exec. */
static front play(const char *name)
{
    front f = {0};
    static int count;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    snprintf(f.mark, sizeof f.mark, "XTINYCC_LIFE_TEST=%d.%d;", (int)getpid(), count++);
    f.pid = fork();
    assert_true(f.pid >= 0);
    if (f.pid == 0) {
        setsid();
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        putenv(f.mark);
        execl("/proc/self/exe", "life_test", worker_path, name, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    FILE *in = fdopen(ends[0], "r");
    assert_non_null(in);
    if (!fgets(f.answer, sizeof f.answer, in))
        f.answer[0] = '\0';
    fclose(in);
    f.answer[strcspn(f.answer, "\n")] = '\0';
    return f;
}

/* All are gone within a second or two; a machine under load gets more time. */
static void assert_all_gone(const front *f)
{
    for (int i = 0; i < 2000; i++) {
        if (count_marked(f->mark, 0) == 0)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    fail_msg("%d processes are left", count_marked(f->mark, 0));
}

static void end(const front *f, int signal_number)
{
    if (signal_number)
        kill(f->pid, signal_number);
    waitpid(f->pid, NULL, 0);
    assert_all_gone(f);
}

static void short_sleep(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* R, S, T, ... as /proc says; 0 if there is no such process. */
static char state_of(pid_t pid)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    const char *end = n ? strrchr(text, ')') : NULL;
    return end && end[1] ? end[2] : '\0';
}

/* --- scenes ----------------------------------------------------------------------------- */

/* Children that try to stay: in the worker's group, and in a session of their own. */
static const char stay[] =
    "#include <unistd.h>\n"
    "#include <stdio.h>\n"
    "if (fork() == 0) { sleep(1000); _exit(0); }\n"
    "if (fork() == 0) { setsid(); if (fork() == 0) { sleep(1000); _exit(0); } _exit(0); }\n"
    "printf(\"%d\", 6 * 7);";

static void scene_busy(host_t *host, FILE *answer)
{
    run(host, stay);
    fprintf(answer, "%s\n", seen.text);
}

static void scene_stop(host_t *host, FILE *answer)
{
    run(host, stay);
    fprintf(answer, "%s\n", seen.text);
    fflush(answer);
    host_stop(host);
    exit(0);
}

static void scene_cell_runs(host_t *host, FILE *answer)
{
    fprintf(answer, "running\n");
    fflush(answer);
    run(host, "for (;;) ;");
}

/* The worker dies while nothing runs: its snapshot has the variables. */
static void scene_death_between_cells(host_t *host, FILE *answer)
{
    const char code[] = "#include <unistd.h>\n#include <stdio.h>\nprintf(\"%d\", getpid());";
    run(host, "int kept = 5;");
    run(host, code);
    pid_t first = (pid_t)strtol(seen.text, NULL, 10);
    kill(first, SIGKILL);
    run(host, code);
    char *digits = strrchr(seen.text, '\n');
    pid_t second = (pid_t)strtol(digits ? digits + 1 : seen.text, NULL, 10);
    bool noted = strstr(seen.text, "died between cells (SIGKILL)") != NULL;
    const char *end = run(host, "#include <stdio.h>\nprintf(\"%d\", kept);");
    fprintf(answer, "%d %d %s %s\n", first > 0 && second > 0 && first != second, noted, end,
            seen.text);
}

/* Every process of the session dies, one after the other; the host then says so. */
static void scene_zygote_dies(host_t *host, FILE *answer)
{
    run(host, stay);
    run(host, "#include <unistd.h>\n#include <stdio.h>\nprintf(\"%d\", getppid());");
    pid_t zygote = (pid_t)strtol(seen.text, NULL, 10);
    kill(zygote, SIGKILL);
    while (state_of(zygote) != 'Z') /* until then the worker lives */
        short_sleep();
    host_reply reply;
    int lives = host_execute(host, "1", 1, &(host_execute_options){.number = 9}, &reply);
    fprintf(answer, "%d %s\n", lives, reply.ename);
    host_reply_free(&reply);
}

/* --- a Stop whose signal is late --- */

static struct {
    host_t *host;
    char folder[64];
    pid_t zygote, worker;
    atomic_bool second; /* the second cell is being asked for */
} late;

static void path_of(const char *name, char *out, size_t size)
{
    snprintf(out, size, "%s/%s", late.folder, name);
}

static bool is_there(const char *name)
{
    char path[100];
    path_of(name, path, sizeof path);
    return access(path, F_OK) == 0;
}

static void make(const char *name)
{
    char path[100];
    path_of(name, path, sizeof path);
    close(creat(path, 0600));
}

/* Stop comes while the first cell runs; its signal is sent once the second one runs, or waits. */
static void *press_stop(void *nothing)
{
    while (!is_there("began1"))
        short_sleep();
    kill(late.zygote, SIGSTOP);
    while (state_of(late.zygote) != 'T')
        short_sleep();
    host_interrupt(late.host);
    make("go1");
    for (int asleep = 0; asleep < 50 && !is_there("began2"); short_sleep())
        asleep = late.second && state_of(getpid()) == 'S' && state_of(late.worker) == 'S'
                     ? asleep + 1 : 0;
    kill(late.zygote, SIGCONT);
    while (state_of(late.zygote) != 'S')
        short_sleep();
    make("go2");
    return nothing;
}

static void scene_late_stop(host_t *host, FILE *answer)
{
    char first[400], second[400], name[64];
    const char form[] = "#include <fcntl.h>\n#include <unistd.h>\n"
                        "close(creat(\"%s/began%d\", 0600));"
                        "while (access(\"%s/go%d\", F_OK)) usleep(1000);";
    late.host = host;
    strcpy(late.folder, "/tmp/life_test.XXXXXX");
    if (!mkdtemp(late.folder))
        return;
    run(host, "#include <unistd.h>\n#include <stdio.h>\nprintf(\"%d %d\", getppid(), getpid());");
    sscanf(seen.text, "%d %d", &late.zygote, &late.worker);
    snprintf(first, sizeof first, form, late.folder, 1, late.folder, 1);
    snprintf(second, sizeof second, form, late.folder, 2, late.folder, 2);
    pthread_t presser;
    pthread_create(&presser, NULL, press_stop, NULL);
    snprintf(name, sizeof name, "%s", run(host, first));
    late.second = true;
    const char *second_end = run(host, second);
    pthread_join(presser, NULL);
    for (int i = 0; i < 4; i++) {
        char path[100];
        path_of((const char *const[]){"began1", "go1", "began2", "go2"}[i], path, sizeof path);
        unlink(path);
    }
    rmdir(late.folder);
    fprintf(answer, "%s %s\n", name, second_end);
}

/* --- a worker that a busy machine keeps from its work, and who stops twice --- */

static void *press_twice(void *nothing)
{
    for (int asleep = 0; asleep < 50; short_sleep())
        asleep = state_of(getpid()) == 'S' ? asleep + 1 : 0;
    host_interrupt(late.host);
    usleep(1100000); /* from then on a further Stop ends the cell */
    host_interrupt(late.host);
    return nothing;
}

static void scene_early_kill(host_t *host, FILE *answer)
{
    char name[64];
    late.host = host;
    run(host, "#include <unistd.h>\n#include <stdio.h>\nprintf(\"%d\", getpid());");
    sscanf(seen.text, "%d", &late.worker);
    run(host, "int early = 5;");
    kill(late.worker, SIGSTOP);
    while (state_of(late.worker) != 'T')
        short_sleep();
    pthread_t presser;
    pthread_create(&presser, NULL, press_twice, NULL);
    snprintf(name, sizeof name, "%s", run(host, "early = 6; for (;;) ;"));
    pthread_join(presser, NULL);
    run(host, "printf(\"%d\", early);");
    fprintf(answer, "%s %s\n", name, seen.text);
}

/* --- compile children that die before they take a cell --- */

static char dying[64]; /* while this file is there */

static void prepare_dying(void)
{
    const char *old = getenv("ASAN_OPTIONS");
    char options[512];
    snprintf(options, sizeof options, "%s:verify_asan_link_order=0", old ? old : "");
    snprintf(dying, sizeof dying, "/tmp/life_test.%d", (int)getpid());
    setenv("ASAN_OPTIONS", options, 1);
    setenv("LD_PRELOAD", DYING_COMPILER, 1);
    setenv("XTINYCC_DYING", dying, 1);
}

/* The child that waits may still take a cell; then there are only those that die. */
static void scene_compilers_die(host_t *host, FILE *answer)
{
    run(host, "int kept = 5;");
    close(creat(dying, 0600));
    int taken = 0;
    while (taken < 3 && strcmp(run(host, "kept++;"), "ok") == 0)
        taken++;
    char error[256], code[100];
    snprintf(error, sizeof error, "%s", said);
    unlink(dying);
    snprintf(code, sizeof code, "#include <stdio.h>\nprintf(\"%%d\", kept == 5 + %d);", taken);
    const char *end = run(host, code);
    fprintf(answer, "%s %s %d %s\n", end, seen.text, taken < 2, error);
}

static const struct {
    const char *name;
    scene play;
} scenes[] = {
    {"compilers-die", scene_compilers_die},
    {"late-stop", scene_late_stop},
    {"early-kill", scene_early_kill},
    {"busy", scene_busy},
    {"stop", scene_stop},
    {"cell-runs", scene_cell_runs},
    {"death-between-cells", scene_death_between_cells},
    {"zygote-dies", scene_zygote_dies},
};

static int play_scene(const char *name)
{
    block_signals();
    if (strcmp(name, "compilers-die") == 0)
        prepare_dying();
    host_t *host = start();
    for (size_t i = 0; host && i < sizeof scenes / sizeof scenes[0]; i++)
        if (strcmp(scenes[i].name, name) == 0) {
            scenes[i].play(host, stdout);
            fflush(stdout);
            pause();
        }
    return 1;
}

/* --- tests ------------------------------------------------------------------------------ */

static void nothing_is_left_when_the_front_is_killed(void **state)
{
    (void)state;
    front f = play("busy");
    assert_string_equal(f.answer, "42");
    assert_true(count_marked(f.mark, f.pid) >= 4); /* zygote, worker, the two that stay */
    end(&f, SIGKILL);
}

/* A manager that kills the front's whole group must not leave behind what left that group. */
static void nothing_is_left_when_the_group_is_killed(void **state)
{
    (void)state;
    front f = play("busy");
    assert_string_equal(f.answer, "42");
    assert_true(count_marked(f.mark, f.pid) >= 4);
    kill(-f.pid, SIGKILL);
    end(&f, 0);
}

static void nothing_is_left_when_the_front_is_killed_during_a_cell(void **state)
{
    (void)state;
    front f = play("cell-runs");
    assert_string_equal(f.answer, "running");
    end(&f, SIGKILL);
}

static void nothing_is_left_after_a_shutdown(void **state)
{
    (void)state;
    front f = play("stop");
    assert_string_equal(f.answer, "42");
    end(&f, 0);
}

static void a_death_between_cells_costs_no_variables(void **state)
{
    (void)state;
    front f = play("death-between-cells");
    assert_string_equal(f.answer, "1 1 ok 5");
    end(&f, SIGKILL);
}

static void a_dead_zygote_is_the_end_and_is_said(void **state)
{
    (void)state;
    front f = play("zygote-dies");
    assert_string_equal(f.answer, "-1 KernelError");
    assert_int_equal(count_marked(f.mark, f.pid), 0); /* the front has ended what it inherited */
    end(&f, SIGKILL);
}

static void a_stop_belongs_to_the_cell_that_ran(void **state)
{
    (void)state;
    front f = play("late-stop");
    end(&f, SIGKILL);
    assert_string_equal(f.answer, "ok ok");
}

static void a_cell_that_has_not_begun_costs_no_variables(void **state)
{
    (void)state;
    front f = play("early-kill");
    end(&f, SIGKILL);
    /* The Stop reaches it where it has begun after all, or it is ended and never was. */
    if (strcmp(f.answer, "KeyboardInterrupt 6") != 0)
        assert_string_equal(f.answer, "KeyboardInterrupt 5");
}

static void without_a_compiler_a_cell_is_refused(void **state)
{
    (void)state;
    front f = play("compilers-die");
    end(&f, SIGKILL);
    assert_string_equal(f.answer, "ok 1 1 CompileError: no process for the compiler: "
                                  "memory or processes ran out");
}

static void a_missing_worker_is_an_error_of_one_line(void **state)
{
    (void)state;
    char error[512] = "";
    host_options options = {.worker_path = "/nowhere/xtinycc-worker"};
    assert_null(host_start(&options, error, sizeof error));
    assert_string_equal(error, "/nowhere/xtinycc-worker: No such file or directory");
    options.worker_path = "/bin/true";
    assert_null(host_start(&options, error, sizeof error));
    assert_string_equal(error, "xtinycc-worker ended as soon as it was started");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: life_test PATH-OF-XTINYCC-WORKER\n");
        return 2;
    }
    worker_path = argv[1];
    if (argc == 3)
        return play_scene(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_when_the_front_is_killed),
        cmocka_unit_test(nothing_is_left_when_the_group_is_killed),
        cmocka_unit_test(nothing_is_left_when_the_front_is_killed_during_a_cell),
        cmocka_unit_test(nothing_is_left_after_a_shutdown),
        cmocka_unit_test(a_death_between_cells_costs_no_variables),
        cmocka_unit_test(a_dead_zygote_is_the_end_and_is_said),
        cmocka_unit_test(a_stop_belongs_to_the_cell_that_ran),
        cmocka_unit_test(a_cell_that_has_not_begun_costs_no_variables),
        cmocka_unit_test(without_a_compiler_a_cell_is_refused),
        cmocka_unit_test(a_missing_worker_is_an_error_of_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
