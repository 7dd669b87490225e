#include "compiler.h"

#include "mend_object.h"
#include "strict.h"

#include <errno.h>
#include <fcntl.h>
#include <libtcc.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CPU_SECONDS = 10 };
#ifndef XTINYCC_SANITIZED /* a sanitizer reserves more address space than any limit */
static const rlim_t address_space = (rlim_t)4 << 30;
#endif

static const char *extra_folders = "";

void compiler_set_folders(const char *folders)
{
    extra_folders = folders;
}

static void write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t done = write(fd, data, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return;
        data += done;
        size -= (size_t)done;
    }
}

/* --- libtcc --------------------------------------------------------------------------------- */

static void on_message_for_parent(void *context, const char *message)
{
    int fd = *(int *)context;
    write_all(fd, message, strlen(message));
    write_all(fd, "\n", 1);
}

/* A crash ends this process at once; no handler of the session may see it. */
static void default_faults(void)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU, SIGPIPE};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        signal(faults[i], SIG_DFL);
}

static void set_limits(void)
{
    struct rlimit cpu = {CPU_SECONDS, CPU_SECONDS + 1}, none = {0, 0};
    setrlimit(RLIMIT_CPU, &cpu);
    setrlimit(RLIMIT_CORE, &none);
#ifndef XTINYCC_SANITIZED
    struct rlimit space = {address_space, address_space};
    setrlimit(RLIMIT_AS, &space);
#endif
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    default_faults();
}

static bool has_stdio(const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/stdio.h", folder);
    return access(path, R_OK) == 0;
}

const char *compiler_system_headers(pool *pool, const compiler_paths *paths, size_t i)
{
    static const char *const system_folders[] = {"/usr/include/x86_64-linux-gnu", "/usr/include"};
    const char *wish = getenv("XTINYCC_HEADERS");
    bool bundled = !has_stdio(system_folders[1]);
    if (wish && strcmp(wish, "system") == 0)
        bundled = false;
    else if (!bundled && wish && strcmp(wish, "bundled") == 0)
        bundled = has_stdio(pool_format(pool, "%s/libc", paths->runtime_dir));
    if (bundled)
        return i == 0 ? pool_format(pool, "%s/libc", paths->runtime_dir) : NULL;
    return i < 2 ? system_folders[i] : NULL;
}

static TCCState *make_compiler(pool *pool, const compiler_paths *paths, bool preprocess,
                               void *context,
                               void (*on_message)(void *context, const char *message))
{
    const char *folder;
    char path[4096];
    TCCState *tcc = tcc_new();
    if (!tcc)
        return NULL;
    tcc_set_error_func(tcc, context, on_message);
    tcc_set_lib_path(tcc, paths->runtime_dir);
    tcc_set_options(tcc, preprocess ? "-nostdinc -dD" : "-nostdinc -nostdlib -g");
    tcc_set_output_type(tcc, preprocess ? TCC_OUTPUT_PREPROCESS : TCC_OUTPUT_OBJ);
    tcc_undefine_symbol(tcc, "unix");
    tcc_undefine_symbol(tcc, "__STDC_VERSION__"); /* what it knows of C11 is enough to say so */
    tcc_define_symbol(tcc, "__STDC_VERSION__", "201112L");
    for (const char *at = extra_folders; *at;) {
        size_t length = strcspn(at, "\n");
        snprintf(path, sizeof path, "%.*s", (int)length, at);
        tcc_add_include_path(tcc, path);
        at += length + (at[length] == '\n');
    }
    snprintf(path, sizeof path, "%s/include", paths->runtime_dir);
    tcc_add_sysinclude_path(tcc, path);
    if (paths->notebook_include)
        tcc_add_sysinclude_path(tcc, paths->notebook_include);
    for (size_t i = 0; (folder = compiler_system_headers(pool, paths, i)); i++)
        tcc_add_sysinclude_path(tcc, folder);
    return tcc;
}

static bool compile(TCCState *tcc, const char *source, int out)
{
    char path[64];
    strict_begin();
    bool good = tcc_compile_string(tcc, source) == 0;
    strict_end();
    if (!good)
        return false;
    snprintf(path, sizeof path, "/proc/self/fd/%d", out);
    return tcc_output_file(tcc, path) == 0;
}

/* --- In a child ----------------------------------------------------------------------------- */

/* In the child: never returns. */
static void work(pool *pool, const compiler_paths *paths, const char *source, bool preprocess, int out,
                 int messages)
{
    set_limits();
    TCCState *tcc = make_compiler(pool, paths, preprocess, &messages, on_message_for_parent);
    if (!tcc)
        _exit(1);
    if (!preprocess)
        _exit(compile(tcc, source, out) ? 0 : 1);
    __fpurge(stdout); /* libtcc writes there */
    dup2(out, STDOUT_FILENO);
    int failed = tcc_compile_string(tcc, source);
    failed |= fflush(stdout) != 0;
    _exit(failed ? 1 : 0);
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

static compiler_result run(pool *pool, const compiler_paths *paths, const char *source, bool preprocess)
{
    compiler_result result = {.output = "", .messages = ""};
    int out = memfd_create("xtinycc-object", MFD_CLOEXEC);
    int messages = memfd_create("xtinycc-messages", MFD_CLOEXEC);
    pid_t child = out < 0 || messages < 0 ? -1 : fork();
    if (child == 0)
        work(pool, paths, source, preprocess, out, messages);
    if (child > 0) {
        int status;
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        size_t length;
        result.ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        char *output = read_file(pool, out, &result.size);
        result.output = output;
        result.messages = read_file(pool, messages, &length);
        if (result.ok && !preprocess)
            result.mended = mend_object(output, result.size);
    } else {
        result.messages = pool_format(pool, "error: cannot start the compiler: %s", strerror(errno));
    }
    if (out >= 0)
        close(out);
    if (messages >= 0)
        close(messages);
    return result;
}

compiler_result compiler_expand(pool *pool, const compiler_paths *paths, const char *text)
{
    return run(pool, paths, text, true);
}

compiler_result compiler_run(pool *pool, const compiler_paths *paths, const char *text)
{
    return run(pool, paths, text, false);
}

/* --- In this process ------------------------------------------------------------------------ */

static struct {
    TCCState *tcc; /* ready for use, NULL: none */
    text messages;
    bool is_spent;
} warm;

static void on_message_here(void *context, const char *message)
{
    text *messages = context;
    text_puts(messages, message);
    text_puts(messages, "\n");
}

void compiler_warm(pool *pool, const compiler_paths *paths)
{
    default_faults();
    if (warm.tcc)
        tcc_delete(warm.tcc);
    warm.is_spent = false;
    warm.tcc = make_compiler(pool, paths, false, &warm.messages, on_message_here);
}

bool compiler_is_spent(void)
{
    return warm.is_spent;
}

static compiler_result run_warm(pool *pool, const char *source)
{
    compiler_result result = {.output = "", .messages = ""};
    int out = memfd_create("xtinycc-object", MFD_CLOEXEC);
    if (out < 0) {
        result.messages = pool_format(pool, "error: no memory file: %s", strerror(errno));
        return result;
    }
    warm.messages = (text){.pool = pool};
    result.ok = compile(warm.tcc, source, out);
    warm.is_spent = true;
    char *output = read_file(pool, out, &result.size);
    result.output = output;
    result.messages = text_string(&warm.messages);
    if (result.ok)
        result.mended = mend_object(output, result.size);
    close(out);
    return result;
}

compiler_result compiler_run_here(pool *pool, const compiler_paths *paths, const char *text)
{
    return warm.tcc && !warm.is_spent ? run_warm(pool, text) : run(pool, paths, text, false);
}
