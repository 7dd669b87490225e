#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CPU_SECONDS = 55, WORDS_MAX = 96, OUTPUT_FD = 3 };

/* --- Finding it ----------------------------------------------------------------------------- */

static bool is_on_path(pool *pool, const char *name)
{
    const char *path = getenv("PATH");
    if (strchr(name, '/'))
        return access(name, X_OK) == 0;
    for (const char *at = path ? path : "/usr/bin:/bin"; *at;) {
        size_t length = strcspn(at, ":");
        if (access(pool_format(pool, "%.*s/%s", (int)length, at, name), X_OK) == 0)
            return true;
        at += length + (at[length] == ':');
    }
    return false;
}

static const char *first_word(pool *pool, const char *text)
{
    text += strspn(text, " ");
    return pool_copy(pool, text, strcspn(text, " "));
}

const char *native_find(pool *pool)
{
    static const char *const usual[] = {"gcc", "clang", "cc"};
    const char *chosen = getenv("XTINYCC_CC");
    if (chosen && *chosen)
        return strcmp(chosen, "none") != 0 && is_on_path(pool, first_word(pool, chosen)) ? chosen
                                                                                         : NULL;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (is_on_path(pool, usual[i]))
            return usual[i];
    return NULL;
}

const char *native_title(pool *pool, const char *command)
{
    const char *word = first_word(pool, command);
    const char *slash = strrchr(word, '/');
    return slash ? slash + 1 : word;
}

/* --- Options -------------------------------------------------------------------------------- */

/* Before the user's: what they may change. */
static const char *const usual_options[] = {
    "-std=gnu17", "-O3", "-march=native", "-ffp-contract=off", "-Wall", "-Wno-unused",
    "-Wno-main", "-Wno-builtin-declaration-mismatch",
    "-Werror=implicit-function-declaration", "-Wno-implicit-int",
};

/* Behind them: what loading, redefinition, back-traces and Stop rest on. */
static const char *const fixed_options[] = {
    "-pipe", "-fPIC", "-gdwarf-4", "-g1", "-fno-lto", "-fno-common", "-fno-exceptions",
    "-fno-asynchronous-unwind-tables", "-fno-stack-protector", "-fcf-protection=none",
    "-fsemantic-interposition", "-fpatchable-function-entry=5", "-fno-omit-frame-pointer",
    "-mno-omit-leaf-frame-pointer",
};
/* gcc's alone. */
static const char *const gcc_options[] = {"-fdiagnostics-column-unit=byte", "-fno-shrink-wrap",
                                          "-fno-reorder-functions",
                                          "-fno-reorder-blocks-and-partition"};

const char *native_check_options(pool *pool, const char *options)
{
    static const char *const refused[] = {"-o", "-c", "-S", "-E", "-x", "-pg", "-M"};
    for (const char *at = options + strspn(options, " \t"); *at; at += strspn(at, " \t")) {
        size_t length = strcspn(at, " \t");
        const char *word = pool_copy(pool, at, length);
        at += length;
        if (*word != '-')
            return pool_format(pool, "'%s' is no option of a compiler; options begin with '-'",
                               word);
        if (strncmp(word, "-l", 2) == 0 || strncmp(word, "-L", 2) == 0 ||
            strncmp(word, "-Wl,", 4) == 0)
            return pool_format(pool, "'%s' is for a linker; load a library by %%link", word);
        if (strncmp(word, "-fopenmp", 8) == 0)
            return "OpenMP's pool of threads hangs when the session takes a snapshot; use "
                   "pthreads, or vectors";
        for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
            if (strncmp(word, refused[i], strlen(refused[i])) == 0)
                return pool_format(pool, "'%s' would change what the compiler writes, and where",
                                   word);
    }
    return NULL;
}

/* --- Running it ----------------------------------------------------------------------------- */

static size_t add_words(pool *pool, char **argv, size_t count, const char *text)
{
    for (const char *at = text + strspn(text, " \t"); *at && count < WORDS_MAX - 1;
         at += strspn(at, " \t")) {
        size_t length = strcspn(at, " \t");
        argv[count++] = pool_copy(pool, at, length);
        at += length;
    }
    return count;
}

static void add_list(pool *pool, char **argv, size_t *count, const char *const *list, size_t size)
{
    for (size_t i = 0; i < size; i++)
        *count = add_words(pool, argv, *count, list[i]);
}

/* MACROS: only to list the predefined ones. */
static char **make_arguments(pool *pool, const char *command, const char *options,
                             const char *include, bool macros)
{
    char **argv = pool_alloc(pool, (WORDS_MAX + 1) * sizeof *argv);
    size_t count = add_words(pool, argv, 0, command);
    add_list(pool, argv, &count, usual_options, sizeof usual_options / sizeof *usual_options);
    if (include && count < WORDS_MAX - 2) {
        argv[count++] = "-isystem";
        argv[count++] = pool_copy(pool, include, strlen(include));
    }
    count = add_words(pool, argv, count, options);
    add_list(pool, argv, &count, fixed_options, sizeof fixed_options / sizeof *fixed_options);
    if (!strstr(native_title(pool, command), "clang"))
        add_list(pool, argv, &count, gcc_options, sizeof gcc_options / sizeof *gcc_options);
    add_words(pool, argv, count,
              pool_format(pool, "%s -x c -o /proc/self/fd/%d -", macros ? "-E -dM" : "-c",
                          OUTPUT_FD));
    return argv;
}

/* In the child: never returns. */
static void work(char **argv, int in, int out, int messages)
{
    struct rlimit cpu = {CPU_SECONDS, CPU_SECONDS + 1}, now;
    sigset_t none;
    if (getrlimit(RLIMIT_CPU, &now) == 0 && now.rlim_max < cpu.rlim_max)
        cpu = (struct rlimit){now.rlim_max, now.rlim_max};
    setrlimit(RLIMIT_CPU, &cpu);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGINT, SIG_IGN); /* a Ctrl-C of a terminal is not meant for it */
    signal(SIGPIPE, SIG_DFL);
    setenv("LC_ALL", "C", 1);
    unsetenv("GCC_COLORS");
    /* dup2 onto itself would leave the close-on-exec flag. */
    int high = fcntl(out, F_DUPFD, 64);
    dup2(in, STDIN_FILENO);
    dup2(messages, STDOUT_FILENO);
    dup2(messages, STDERR_FILENO);
    dup2(high, OUTPUT_FD);
    close_range(OUTPUT_FD + 1, ~0u, 0);
    execvp(argv[0], argv);
    dprintf(STDERR_FILENO, "error: cannot start %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static char *read_file(pool *pool, int fd, size_t *size)
{
    off_t end = lseek(fd, 0, SEEK_END);
    size_t wanted = end > 0 ? (size_t)end : 0, done = 0;
    char *data = pool_alloc(pool, wanted + 1);
    while (done < wanted) {
        ssize_t got = pread(fd, data + done, wanted - done, (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    *size = done;
    return data;
}

static bool write_file(int fd, const char *text, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(fd, text + done, size - done, (off_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static compiler_result run(pool *pool, char **argv, const char *text)
{
    compiler_result result = {.output = "", .messages = ""};
    int in = memfd_create("xtinycc-source", MFD_CLOEXEC);
    int out = memfd_create("xtinycc-object", MFD_CLOEXEC);
    int messages = memfd_create("xtinycc-messages", MFD_CLOEXEC);
    pid_t child = -1;
    /* A group of its own: Stop ends the compiler's own children too. */
    setpgid(0, 0);
    if (in >= 0 && out >= 0 && messages >= 0 && write_file(in, text, strlen(text)))
        child = fork();
    if (child == 0)
        work(argv, in, out, messages);
    if (child > 0) {
        int status;
        size_t length;
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            continue;
        result.ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        result.output = read_file(pool, out, &result.size);
        result.messages = read_file(pool, messages, &length);
    } else {
        result.messages = pool_format(pool, "error: cannot start %s: %s", argv[0], strerror(errno));
    }
    int fds[] = {in, out, messages};
    for (size_t i = 0; i < 3; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return result;
}

compiler_result native_run(pool *pool, const char *command, const char *options,
                           const char *include, const char *text)
{
    return run(pool, make_arguments(pool, command, options, include, false), text);
}

const char *native_macros(pool *pool, const char *options)
{
    const char *command = native_find(pool);
    if (!command)
        return "";
    compiler_result result = run(pool, make_arguments(pool, command, options, NULL, true), "");
    text out = {.pool = pool};
    /* Those of the language itself, such as __STDC__, cannot be defined anew. */
    for (const char *line = result.ok ? result.output : ""; *line;) {
        size_t length = strcspn(line, "\n");
        length += line[length] == '\n';
        if (strncmp(line, "#define __STDC", 14) != 0)
            text_add(&out, line, length);
        line += length;
    }
    return text_string(&out);
}
