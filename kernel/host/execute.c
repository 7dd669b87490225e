/* The functions of host.h that send a request. */
#include <stdlib.h>
#include <string.h>

#include "expected.h"
#include "host_internal.h"

static int run_code(host_t *host, const char *code, size_t size, uint32_t flags, bool allow_stdin,
                    host_reply *reply)
{
    request q;
    *reply = (host_reply){0};
    request_begin(host, &q, MSG_EXECUTE);
    q.number = host->number;
    q.allow_stdin = allow_stdin;
    q.reply = reply;
    host->silent = flags & EXECUTE_SILENT;
    wire_put_u32(&q.body, (uint32_t)host->number);
    wire_put_u32(&q.body, flags);
    wire_put_bytes(&q.body, code, size);
    int result = request_run(host, &q);
    request_free(&q);
    host->silent = false;
    if (result < 0) {
        *reply = (host_reply){.status = HOST_ERROR, .ename = strdup("KernelError"),
                              .evalue = strdup(host->why_gone),
                              .traceback = strdup(host->why_gone)};
    }
    return result;
}

int host_execute(host_t *host, const char *code, size_t size, const host_execute_options *options,
                 host_reply *reply)
{
    host->number = options->number;
    uint32_t flags = (options->silent ? EXECUTE_SILENT : 0) |
                     (options->allow_stdin && host->events.input ? EXECUTE_STDIN : 0);
    expected expected;
    expected_begin(code, size, &expected);
    int result = run_code(host, expected.code ? expected.code : code, size, flags,
                          options->allow_stdin, reply);
    expected_end(&expected, &host->events, host->context, options->number, reply);
    return result;
}

int host_evaluate(host_t *host, const char *expression, size_t size, host_reply *reply)
{
    return run_code(host, expression, size, EXECUTE_EXPRESSION, false, reply);
}

void host_reply_free(host_reply *reply)
{
    free(reply->ename);
    free(reply->evalue);
    free(reply->traceback);
    *reply = (host_reply){0};
}

/* --- editor services -------------------------------------------------------------------- */

int host_complete(host_t *host, const char *code, size_t size, size_t cursor,
                  host_completions *out)
{
    request q;
    *out = (host_completions){.start = cursor, .end = cursor};
    request_begin(host, &q, MSG_COMPLETE);
    wire_put_u32(&q.body, (uint32_t)(cursor < size ? cursor : size));
    wire_put_bytes(&q.body, code, size);
    int result = request_run(host, &q);
    wire_reader r = message_reader(&q.answer);
    wire_get_u64(&r);
    size_t start = wire_get_u32(&r), end = wire_get_u32(&r), count = wire_get_u32(&r);
    bool good = result == 0 && !r.bad && count > 0 && start <= end && end <= size &&
                count <= r.size / 10; /* each match takes ten bytes or more */
    if (good) {
        out->matches = calloc(count + 1, sizeof *out->matches);
        out->types = calloc(count + 1, sizeof *out->types);
        good = out->matches && out->types;
    }
    for (size_t i = 0; good && i < count; i++) {
        const char *text = wire_get_string(&r), *type = wire_get_string(&r);
        out->matches[i] = r.bad ? NULL : strdup(text);
        out->types[i] = r.bad ? NULL : strdup(type);
        good = out->matches[i] && out->types[i];
        out->count = i + 1;
    }
    request_free(&q);
    if (!good) {
        host_completions_free(out);
        out->start = out->end = cursor;
        return -1;
    }
    out->start = start;
    out->end = end;
    return 0;
}

void host_completions_free(host_completions *completions)
{
    for (size_t i = 0; i < completions->count; i++) {
        free(completions->matches[i]);
        free(completions->types[i]);
    }
    free(completions->matches);
    free(completions->types);
    *completions = (host_completions){0};
}

int host_inspect(host_t *host, const char *code, size_t size, size_t cursor, int detail,
                 char **text)
{
    request q;
    *text = NULL;
    request_begin(host, &q, MSG_INSPECT);
    wire_put_u32(&q.body, (uint32_t)(cursor < size ? cursor : size));
    wire_put_u32(&q.body, (uint32_t)detail);
    wire_put_bytes(&q.body, code, size);
    int result = request_run(host, &q);
    wire_reader r = message_reader(&q.answer);
    wire_get_u64(&r);
    bool found = wire_get_u32(&r) != 0;
    const char *description = wire_get_string(&r);
    if (result == 0 && found && !r.bad)
        *text = strdup(description);
    request_free(&q);
    return result < 0 ? -1 : *text ? 0 : 1;
}

host_complete_status host_is_complete(host_t *host, const char *code, size_t size, int *indent)
{
    request q;
    request_begin(host, &q, MSG_IS_COMPLETE);
    wire_put_bytes(&q.body, code, size);
    int result = request_run(host, &q);
    wire_reader r = message_reader(&q.answer);
    wire_get_u64(&r);
    uint32_t letter = wire_get_u32(&r);
    int spaces = (int)wire_get_u32(&r);
    bool bad = result < 0 || r.bad;
    request_free(&q);
    if (indent)
        *indent = bad ? 0 : spaces;
    if (bad)
        return HOST_CODE_UNKNOWN;
    return letter == 'c' ? HOST_CODE_COMPLETE
         : letter == 'i' ? HOST_CODE_INCOMPLETE
         : letter == 'x' ? HOST_CODE_INVALID : HOST_CODE_UNKNOWN;
}
