/* The session's states and its output: %undo, %reset, %snapshot, %output-limit. */
#include <stdlib.h>
#include <string.h>

#include "magic.h"

bool magic_undo(const magic_call *call)
{
    const session_means *means = session_get_means(call->session);
    if (!means->undo(means->context))
        magic_fail(call, "ValueError", "no snapshot is left to go back to");
    return true;
}

bool magic_reset(const magic_call *call)
{
    const session_means *means = session_get_means(call->session);
    means->reset(means->context);
    return true;
}

bool magic_snapshot(const magic_call *call)
{
    const session_means *means = session_get_means(call->session);
    const char *arguments = call->arguments;
    char *end;
    long count = strtol(arguments, &end, 10);
    if (strcmp(arguments, "off") == 0) {
        means->keep_snapshots(means->context, -1);
    } else if (strcmp(arguments, "auto") == 0) {
        means->keep_snapshots(means->context, 0);
    } else if (*arguments && (*end || count < 1 || count > 20)) {
        magic_fail(call, "ValueError", "expected off, auto or a number from 1 to 20, not %.40s",
                   arguments);
        return true;
    } else if (*arguments) {
        means->keep_snapshots(means->context, (int)count);
    }
    wire_buf line = {0};
    means->describe_snapshots(means->context, &line);
    if (!line.bad)
        magic_print(call, "%.*s\n", (int)line.size, line.data);
    wire_buf_free(&line);
    return true;
}

bool magic_output_limit(const magic_call *call)
{
    const session_means *means = session_get_means(call->session);
    const char *arguments = call->arguments;
    char *end;
    double megabytes = strtod(arguments, &end);
    if (strcmp(arguments, "off") == 0)
        means->output_limit(means->context, 0);
    else if (strcmp(arguments, "on") == 0)
        means->output_limit(means->context, 4u << 20);
    else if (*arguments && !*end && megabytes >= 0.001 && megabytes <= 65536)
        means->output_limit(means->context, (uint64_t)(megabytes * (1 << 20)));
    else
        magic_fail(call, "ValueError", "expected off, on (4 MB) or a number of megabytes");
    return true;
}
