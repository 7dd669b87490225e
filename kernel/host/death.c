/* What the user is told when the worker dies. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_internal.h"

void death_note(host_t *host, const message *m)
{
    wire_reader r = message_reader(m);
    death d = {.happened = true};
    d.cause = (enum death_cause)wire_get_u32(&r);
    d.signal = (int)wire_get_u32(&r);
    d.status = (int)wire_get_u32(&r);
    d.peak_kb = wire_get_u64(&r);
    d.heir = (enum death_heir)wire_get_u32(&r);
    d.before = (int)wire_get_u32(&r);
    if (r.bad)
        return;
    if (host->death.happened) { /* the heir died, too: what ended the cell was the first death */
        host->death.heir = d.heir;
        host->death.before = d.before;
    } else {
        host->death = d;
    }
}

void fault_clear(host_t *host)
{
    free(host->fault.name);
    free(host->fault.message);
    free(host->fault.trace);
    host->fault = (fault){0};
}

void fault_note(host_t *host, const message *m)
{
    wire_reader r = message_reader(m);
    const char *name = wire_get_string(&r), *message = wire_get_string(&r);
    const char *trace = wire_get_string(&r);
    if (r.bad)
        return;
    fault_clear(host);
    host->fault = (fault){strdup(name), strdup(message), strdup(trace)};
}

static void describe_state(const death *d, char *out, size_t size)
{
    if (d->heir == HEIR_SNAPSHOT && d->before > 0)
        snprintf(out, size, "state is as before In[%d]", d->before);
    else if (d->heir == HEIR_SNAPSHOT)
        snprintf(out, size, "state is as before");
    else
        snprintf(out, size, "no earlier state was left: the session is empty");
}

static void describe_peak(uint64_t kb, char *out, size_t size)
{
    if (kb >= 1u << 20)
        snprintf(out, size, "%.1f GB", (double)kb / (1 << 20));
    else
        snprintf(out, size, "%llu MB", (unsigned long long)(kb >> 10));
}

/* Half of the memory that this container or machine has, in KB. */
static uint64_t much_memory(void)
{
    unsigned long long kb = 0, bytes = 0;
    FILE *f = fopen("/proc/meminfo", "re");
    if (f) {
        if (fscanf(f, "MemTotal: %llu", &kb) != 1)
            kb = 0;
        fclose(f);
    }
    f = fopen("/sys/fs/cgroup/memory.max", "re");
    if (f) {
        if (fscanf(f, "%llu", &bytes) == 1 && bytes / 1024 < kb)
            kb = bytes / 1024;
        fclose(f);
    }
    return kb / 2;
}

static void signal_name(int number, char *out, size_t size)
{
    const char *name = sigabbrev_np(number);
    if (name)
        snprintf(out, size, "SIG%s", name);
    else
        snprintf(out, size, "signal %d", number);
}

static void fail_rolled_back(const death *d, const char *name, const char *message,
                             const char *trace, host_reply *reply)
{
    char state[100];
    describe_state(d, state, sizeof state);
    char *text = NULL;
    if (asprintf(&text, "\033[31m%s\033[0m: %s          \033[2m%s\033[0m%s%s", name, message, state,
                 trace && *trace ? "\n" : "", trace ? trace : "") < 0)
        text = NULL;
    reply->status = HOST_ERROR;
    reply->ename = strdup(name);
    reply->evalue = strdup(message);
    reply->traceback = text;
    reply->rolled_back = true;
}

static void succeed_with_note(host_t *host, const char *what, host_reply *reply)
{
    char state[100], line[200];
    describe_state(&host->death, state, sizeof state);
    snprintf(line, sizeof line, "%s%s", what, state);
    host_say(host, line);
    *reply = (host_reply){.status = HOST_OK, .rolled_back = true};
}

/* A death by a signal that the worker could not report. */
static void fail_by_signal(const death *d, host_reply *reply)
{
    char name[32], peak[32], message[200];
    signal_name(d->signal, name, sizeof name);
    describe_peak(d->peak_kb, peak, sizeof peak);
    const char *guess = d->signal == SIGKILL && d->peak_kb >= much_memory()
                            ? ": probably out of memory" : "";
    snprintf(message, sizeof message, "killed, peak %s%s", peak, guess);
    fail_rolled_back(d, name, message, "", reply);
}

static void fail_by_exit(host_t *host, host_reply *reply)
{
    const death *d = &host->death;
    char message[200];
    if (d->status == 0) {
        succeed_with_note(host, "another program took the session's place and ended; ", reply);
        return;
    }
    snprintf(message, sizeof message, "the process ended with status %d", d->status);
    fail_rolled_back(d, "ExitStatus", message, "", reply);
}

void death_reply(host_t *host, host_reply *reply)
{
    const death *d = &host->death;
    const fault *f = &host->fault;
    *reply = (host_reply){0};
    if (d->cause == DEATH_UNDO)
        succeed_with_note(host, "", reply);
    else if (d->cause == DEATH_RESET)
        *reply = (host_reply){.status = HOST_OK};
    else if (d->cause == DEATH_KILLED)
        fail_rolled_back(d, "KeyboardInterrupt",
                         host->stop.by_limit ? "the cell's time was over (%limit time); it did not "
                                               "stop and was killed"
                                             : "the cell did not stop and was killed", "", reply);
    else if (f->name)
        fail_rolled_back(d, f->name, f->message, f->trace, reply);
    else if (d->signal == SIGINT)
        fail_rolled_back(d, "KeyboardInterrupt", "the program that the cell became was stopped",
                         "", reply);
    else if (d->signal)
        fail_by_signal(d, reply);
    else
        fail_by_exit(host, reply);
    host->death = (death){0};
    fault_clear(host);
}

void death_between_cells(host_t *host)
{
    const death *d = &host->death;
    char name[64], state[100], line[300];
    if (!d->happened)
        return;
    describe_state(d, state, sizeof state);
    if (host->fault.name)
        snprintf(name, sizeof name, "%.60s", host->fault.name);
    else if (d->signal)
        signal_name(d->signal, name, sizeof name);
    else
        snprintf(name, sizeof name, "exit status %d", d->status);
    snprintf(line, sizeof line, "the session's process died between cells (%s); %s", name, state);
    host_say(host, line);
    host->death = (death){0};
    fault_clear(host);
}
