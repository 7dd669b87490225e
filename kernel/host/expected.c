#include "expected.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void expected_begin(const char *code, size_t size, expected *out)
{
    static const char word[] = "%%expect-error";
    const size_t length = sizeof word - 1;
    size_t start = 0;
    *out = (expected){0};
    while (start < size && isspace((unsigned char)code[start]))
        start++;
    if (size - start < length || memcmp(code + start, word, length) != 0)
        return;
    size_t at = start + length;
    if (at < size && !isspace((unsigned char)code[at]))
        return;
    size_t end = at;
    while (end < size && code[end] != '\n')
        end++;
    out->code = malloc(size + 1);
    if (!out->code)
        return;
    while (at < end && isspace((unsigned char)code[at]))
        at++;
    for (size_t i = 0; at < end && !isspace((unsigned char)code[at]) && i + 1 < sizeof out->name;)
        out->name[i++] = code[at++];
    memcpy(out->code, code, size);
    memset(out->code + start, ' ', end - start);
    out->code[size] = '\0';
}

static void fail(host_reply *reply, const expected *expected, const char *got)
{
    char line[300];
    if (*expected->name)
        snprintf(line, sizeof line, "%%%%expect-error: expected %s, got %s", expected->name, got);
    else
        snprintf(line, sizeof line, "%%%%expect-error: expected an error, got %s", got);
    host_reply_free(reply);
    reply->status = HOST_ERROR;
    reply->ename = strdup("ValueError");
    reply->evalue = strdup(line);
    if (asprintf(&reply->traceback, "\033[31mValueError\033[0m: %s", line) < 0)
        reply->traceback = NULL;
}

void expected_end(expected *expected, const host_events *events, void *context, int number,
                  host_reply *reply)
{
    if (!expected->code)
        return;
    const char *name = reply->ename ? reply->ename : "";
    /* Stop stays Stop, and a session that is gone cannot have been meant, unless asked for. */
    bool usual = strcmp(name, "KeyboardInterrupt") != 0 && strcmp(name, "KernelError") != 0;
    bool fits = *expected->name ? strcmp(name, expected->name) == 0 : usual;
    if (reply->status == HOST_OK) {
        fail(reply, expected, "none");
    } else if (reply->status == HOST_ERROR && fits) {
        const char *text = reply->traceback ? reply->traceback : name;
        bool rolled_back = reply->rolled_back;
        if (events->stream) {
            events->stream(context, 1, text, strlen(text), number);
            if (*text && text[strlen(text) - 1] != '\n')
                events->stream(context, 1, "\n", 1, number);
        }
        host_reply_free(reply);
        *reply = (host_reply){.status = HOST_OK, .rolled_back = rolled_back};
    } else if (reply->status == HOST_ERROR && usual) {
        char got[100];
        snprintf(got, sizeof got, "%.90s", name);
        fail(reply, expected, got);
    }
    free(expected->code);
    expected->code = NULL;
}
