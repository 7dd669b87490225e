#include "service.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "messages.h"

#define SERVICE_SECONDS 2

static void complete(const lang_t *lang, wire_reader *r, wire_buf *out)
{
    size_t cursor = wire_get_u32(r), size;
    const char *code = wire_get_bytes(r, &size);
    lang_matches found = {0};
    if (r->bad || lang_completions(lang, code, size, cursor < size ? cursor : size, &found) < 0)
        return;
    wire_put_u32(out, (uint32_t)found.start);
    wire_put_u32(out, (uint32_t)found.end);
    wire_put_u32(out, (uint32_t)found.count);
    for (size_t i = 0; i < found.count; i++) {
        wire_put_string(out, found.text[i]);
        wire_put_string(out, found.type[i]);
    }
    lang_matches_free(&found);
}

static void inspect(const lang_t *lang, wire_reader *r, wire_buf *out)
{
    size_t cursor = wire_get_u32(r), size;
    int detail = (int)wire_get_u32(r);
    const char *code = wire_get_bytes(r, &size);
    char *text = r->bad ? NULL
                        : lang_describe(lang, code, size, cursor < size ? cursor : size, detail);
    wire_put_u32(out, text != NULL);
    wire_put_string(out, text);
    free(text);
}

static void is_complete(wire_reader *r, wire_buf *out)
{
    size_t size;
    const char *code = wire_get_bytes(r, &size);
    int indent = 0;
    int letter = r->bad ? 'u' : lang_is_complete(code, size, &indent);
    wire_put_u32(out, (uint32_t)letter);
    wire_put_u32(out, (uint32_t)indent);
}

static void answer(const lang_t *lang, const message *request, int file)
{
    wire_reader r = message_reader(request);
    wire_buf out = {0};
    wire_put_u64(&out, wire_get_u64(&r));
    switch (request->kind) {
    case MSG_COMPLETE: complete(lang, &r, &out); break;
    case MSG_INSPECT: inspect(lang, &r, &out); break;
    default: is_complete(&r, &out); break;
    }
    ssize_t n = out.bad ? -1 : pwrite(file, out.data, out.size, 0);
    _exit(n == (ssize_t)out.size ? 0 : 1);
}

void service_answer(const lang_t *lang, const message *request)
{
    wire_buf reply = {0};
    wire_reader head = message_reader(request);
    uint64_t serial = wire_get_u64(&head);
    int file = channel_memory_file("", 0);
    pid_t worker = getpid(), pid = file < 0 ? -1 : fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != worker)
            _exit(1);
        struct rlimit seconds = {SERVICE_SECONDS, SERVICE_SECONDS + 1};
        setrlimit(RLIMIT_CPU, &seconds);
        for (int number = 1; number < NSIG; number++)
            signal(number, SIG_DFL); /* a crash here is no fault of a cell */
        answer(lang, request, file);
    }
    int status = -1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    size_t size = 0;
    char *text = pid > 0 && status == 0 ? channel_file_content(file, &size) : NULL;
    if (text)
        wire_put_raw(&reply, text, size);
    else
        wire_put_u64(&reply, serial);
    free(text);
    if (file >= 0)
        close(file);
    channel_send(FD_CONTROL, MSG_SERVICE, &reply);
    wire_buf_free(&reply);
}
