/*
 * What the parts of the host share.
 */
#ifndef XTINYCC_HOST_INTERNAL_H
#define XTINYCC_HOST_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>
#include "channel.h"
#include "host.h"
#include "messages.h"
#include "output.h"

/* The state of Stop for the request that runs. */
typedef struct stop_state {
    pthread_mutex_t lock; /* host_interrupt may be called by any thread */
    bool running;   /* a request runs that may be stopped */
    uint64_t serial; /* its serial */
    bool started;   /* the worker has said that an interrupt reaches it */
    bool sent;      /* the worker's group was interrupted */
    bool hinted;    /* the user was told how to escalate */
    bool killed;    /* the worker was ended */
    int64_t first;  /* time of the first Stop, 0 for none */
    int64_t limit;  /* ms that the cell may take, 0 for any */
    int64_t over;   /* when they are over */
    bool by_limit;  /* and they were: nobody pressed Stop */
    int on_the_way; /* signals asked for that have not been sent yet, as far as we know */
} stop_state;

/* A death of the worker, as the zygote reports it. */
typedef struct death {
    bool happened;
    enum death_cause cause;
    int signal, status;
    uint64_t peak_kb;
    enum death_heir heir;
    int before; /* the cell whose "before" is the state now */
} death;

/* The last words of a worker. */
typedef struct fault {
    char *name, *message, *trace; /* NULL: it said nothing */
} fault;

struct host {
    host_events events;
    void *context;
    pid_t zygote;
    int control, keeper;
    int pipes[2];     /* the worker's stdout and stderr */
    int wake;         /* eventfd: a Stop came, or the pump has to end */
    output_t *output;
    char *folder;     /* of spool files, made on start */
    char *language_version;
    uint64_t serial;  /* of requests; makes display numbers unique, too */
    int number;       /* of the last cell */
    atomic_bool silent; /* the request that runs publishes nothing; the pump asks, too */
    bool gone;        /* no process is left that could run a cell */
    char why_gone[256];
    stop_state stop;
    death death;      /* not yet answered */
    fault fault;
    /* The thread that reads the pipes between requests. */
    pthread_t pump;
    bool pump_runs, pump_ends, busy;
    pthread_mutex_t reading; /* who reads the pipes and touches `output` */
    pthread_cond_t idle;
};

int64_t host_now(void); /* milliseconds, monotonic */

/* pump.c */
int pump_start(host_t *host);
void pump_stop(host_t *host);
void pump_pause(host_t *host);  /* the caller reads the pipes from here on */
void pump_resume(host_t *host);
/* Read what is in both pipes and hand it to output; true if something came. */
bool pump_read(host_t *host);
/* Read until both are empty (at most about what pipes hold, should a child go on writing). */
void pump_drain(host_t *host);

/* stop.c */
void stop_begin(host_t *host);
void stop_started(host_t *host, int64_t limit); /* LIMIT: ms that the cell may take, 0 for any */
void stop_end(host_t *host);
/* The zygote has sent a signal that was asked for. */
void stop_reached(host_t *host);
/* Whether a signal for the cell that has ended may still come. */
bool stop_is_on_the_way(host_t *host);
/* The cell has waited for the user: that does not count. */
void stop_extend(host_t *host, int64_t milliseconds);
/* Whether the limit of time has stopped the cell; OUT gets a line that says so. */
bool stop_by_limit(host_t *host, char *out, size_t size);
/* Act on a Stop that has gone unanswered; returns milliseconds until the next look, -1: none. */
int64_t stop_tick(host_t *host);

/* request.c */
typedef struct request {
    uint32_t kind;    /* MSG_EXECUTE, MSG_COMPLETE, ... */
    wire_buf body;    /* begins with the serial */
    uint64_t serial;
    int number;       /* of the cell */
    bool allow_stdin;
    bool started;     /* the worker has begun it */
    bool done;
    host_reply *reply; /* of a cell; NULL for a service */
    message answer;    /* of a service; size 0: none */
} request;

/* Give the request its serial, as the first field of its body. */
void request_begin(host_t *host, request *r, uint32_t kind);
/* Send it and see it through, also over a death of the worker. 0, or -1: the session is gone. */
int request_run(host_t *host, request *r);
void request_free(request *r);

/* death.c */
void death_note(host_t *host, const message *m);
void fault_note(host_t *host, const message *m);
void fault_clear(host_t *host);
/* Turn a death that ended a cell into its reply. */
void death_reply(host_t *host, host_reply *reply);
/* One line about a death between cells, if there was one. */
void death_between_cells(host_t *host);

/* spool.c: the private folder of this session's spool files. */
char *spool_make_folder(void); /* malloc'ed path; NULL on failure. Sweeps what earlier ones left. */

/* One dim line on the cell's stderr. */
void host_say(host_t *host, const char *text);

#endif
