#include "terminal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

/* Write text; without its ANSI colours unless the stream is a terminal. */
static void put(FILE *f, const char *text, size_t size)
{
    if (isatty(fileno(f))) {
        fwrite(text, 1, size, f);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\033' && i + 1 < size && text[i + 1] == '[') {
            i += 2;
            while (i < size && (text[i] < '@' || text[i] > '~'))
                i++;
            continue;
        }
        putc(text[i], f);
    }
}

static void on_stream(void *context, int fd, const char *text, size_t size, int number)
{
    (void)number;
    terminal *t = context;
    FILE *f = fd == 2 ? stderr : stdout;
    put(f, text, size);
    fflush(f);
    if (size > 0)
        t->at_line_start = text[size - 1] == '\n';
}

static const host_part *plain_part(const host_bundle *bundle)
{
    for (size_t i = 0; i < bundle->count; i++)
        if (strcmp(bundle->parts[i].mime, "text/plain") == 0)
            return &bundle->parts[i];
    return NULL;
}

static void show_text(terminal *t, const host_bundle *bundle, bool is_value)
{
    const host_part *p = plain_part(bundle);
    if (!p)
        return;
    if (!t->at_line_start)
        putchar('\n');
    if (is_value && t->prompts)
        printf("\033[31mOut[%d]:\033[0m ", t->number);
    put(stdout, p->data, p->size);
    if (p->size == 0 || p->data[p->size - 1] != '\n')
        putchar('\n');
    fflush(stdout);
    t->at_line_start = true;
}

static void on_display(void *context, const host_bundle *bundle, uint64_t id, bool update)
{
    (void)id, (void)update;
    show_text(context, bundle, false);
}

static void on_result(void *context, const host_bundle *bundle)
{
    show_text(context, bundle, true);
}

/* Read a line from the terminal byte by byte, so that an interrupt ends the wait. */
static host_input_status read_terminal_line(char **line)
{
    char *text = NULL;
    size_t used = 0;
    host_input_status status = HOST_INPUT_LINE;
    terminal_read_interrupts(true);
    for (;;) {
        char c;
        ssize_t n = read(STDIN_FILENO, &c, 1);
        if (n < 0 && errno == EINTR && !terminal_was_interrupted())
            continue;
        char *more = realloc(text, used + 2);
        text = more ? more : text;
        if (n < 0 && errno == EINTR)
            status = HOST_INPUT_INTERRUPTED;
        else if ((n <= 0 && used == 0) || !more)
            status = HOST_INPUT_EOF;
        if (n <= 0 || !more || c == '\n')
            break;
        text[used++] = c;
    }
    terminal_read_interrupts(false);
    if (status != HOST_INPUT_LINE) {
        free(text);
        return status;
    }
    text[used] = '\0';
    *line = text;
    return status;
}

/* A line of the stream that cells come from, too. */
static host_input_status read_stream_line(char **line)
{
    size_t capacity = 0;
    ssize_t n = getline(line, &capacity, stdin);
    if (n < 0)
        return HOST_INPUT_EOF;
    if (n > 0 && (*line)[n - 1] == '\n')
        (*line)[n - 1] = '\0';
    return HOST_INPUT_LINE;
}

/* The prompt is on the screen already, as the cell's own output. */
static host_input_status on_input(void *context, const char *prompt, bool password, char **line)
{
    (void)prompt, (void)password;
    terminal *t = context;
    t->at_line_start = true;
    if (!isatty(STDIN_FILENO))
        return read_stream_line(line);
    host_input_status status = read_terminal_line(line);
    if (status == HOST_INPUT_INTERRUPTED)
        host_interrupt(t->host);
    return status;
}

host_events terminal_events(void)
{
    return (host_events){.stream = on_stream, .display = on_display, .result = on_result,
                         .input = on_input};
}

/* --- SIGINT ----------------------------------------------------------------------------- */

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static void interrupt_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
}

/* While the main thread blocks SIGINT it comes here: a cell runs. */
static void *stop_cells(void *host)
{
    sigset_t set;
    int number;
    interrupt_set(&set);
    for (;;)
        if (sigwait(&set, &number) == 0)
            host_interrupt(host);
    return NULL;
}

void terminal_read_interrupts(bool on)
{
    sigset_t set;
    interrupt_set(&set);
    interrupted = 0;
    pthread_sigmask(on ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

bool terminal_was_interrupted(void)
{
    return interrupted;
}

host_t *terminal_start(terminal *t)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    char error[512];
    t->at_line_start = true;
    t->host = host_start(&(host_options){.events = terminal_events(), .context = t}, error,
                         sizeof error);
    if (!t->host) {
        fprintf(stderr, "xtinycc: %s\n", error);
        return NULL;
    }
    sigaction(SIGINT, &(struct sigaction){.sa_handler = on_signal}, NULL);
    pthread_t thread;
    if (pthread_create(&thread, NULL, stop_cells, t->host) == 0)
        pthread_detach(thread);
    return t->host;
}

int terminal_execute(terminal *t, const char *code, size_t size, int number)
{
    host_reply reply;
    t->number = number;
    int lives = host_execute(t->host, code, size,
                             &(host_execute_options){.number = number, .allow_stdin = true},
                             &reply);
    if (!t->at_line_start && isatty(STDOUT_FILENO)) { /* a pipe gets what the program printed */
        putchar('\n');
        fflush(stdout);
        t->at_line_start = true;
    }
    int failed = reply.status != HOST_OK;
    if (failed) {
        const char *text = reply.traceback ? reply.traceback : reply.evalue ? reply.evalue : "";
        put(stderr, text, strlen(text));
        fputc('\n', stderr);
    }
    host_reply_free(&reply);
    return lives < 0 ? -1 : failed;
}
