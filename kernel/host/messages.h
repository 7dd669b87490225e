/*
 * The messages that front, zygote and worker exchange, and the order of their fields.
 *
 * Five channels (channel.h), each at a fixed descriptor of the worker executable:
 *   control    front  <-> worker   cells, editor services, displays, input, "done"
 *   keeper     front  <-> zygote   interrupts, ends, reports of deaths
 *   announce   worker  -> zygote   snapshots, undo, reset
 *   compile    worker  -> compile child, whichever waits
 *   job        compile child -> zygote: whom to tell of its death
 * A worker that died is succeeded by a snapshot that holds the same ends of the same sockets.
 */
#ifndef XTINYCC_MESSAGES_H
#define XTINYCC_MESSAGES_H

/* Descriptors of xtinycc-worker. They lie high, so that cells that close "all" descriptors or
   count on the lowest free one meet none of ours. */
enum {
    FD_ENGINE_FIRST = 500,
    FD_CONTROL = 500,
    FD_KEEPER = 501,
    FD_ANNOUNCE = 502,        /* the worker's end */
    FD_ANNOUNCE_ZYGOTE = 503, /* the zygote's end */
    FD_STDOUT = 504,          /* the pipes again: cells may close or replace 1 and 2 */
    FD_STDERR = 505,
    FD_COMPILE = 506,         /* the worker's end */
    FD_COMPILE_CHILD = 507,   /* the compile child's end */
    FD_JOB = 508,             /* the compile child's end */
    FD_JOB_ZYGOTE = 509,      /* the zygote's end */
    FD_ENGINE_FREE = 510      /* the first one for temporary use */
};

enum message_kind {
    /* front -> worker */
    MSG_EXECUTE = 1,  /* u64 serial, u32 number, u32 flags (EXECUTE_*), bytes code */
    MSG_COMPLETE,     /* u64 serial, u32 cursor, bytes code */
    MSG_INSPECT,      /* u64 serial, u32 cursor, u32 detail, bytes code */
    MSG_IS_COMPLETE,  /* u64 serial, bytes code */
    MSG_INPUT_REPLY,  /* u64 ticket, u32 host_input_status, bytes line */
    MSG_ACK,          /* all output before a display has been handed over */

    /* worker -> front */
    MSG_READY = 32,   /* u32 pid, string __STDC_VERSION__; string error ("" if all is well) */
    MSG_STARTED,      /* u64 serial, u32 time limit in ms, 0 for none: an interrupt reaches the cell
                         from now on */
    MSG_DONE,         /* u64 serial, u32 ok, string ename, evalue, traceback */
    MSG_DISPLAY,      /* u32 id, u32 update, bundle; answered by MSG_ACK */
    MSG_RESULT,       /* bundle: u32 count, count x {string mime, bytes data, u32 width, height} */
    MSG_CLEAR_OUTPUT, /* u32 wait; answered by MSG_ACK */
    MSG_INPUT,        /* u64 ticket, u32 password; answered by MSG_INPUT_REPLY */
    MSG_FAULT,        /* string name, message, trace: the worker is about to die */
    MSG_OUTPUT_LIMIT, /* u64 bytes shown of a cell before the cut; 0: no limit */
    MSG_SERVICE,      /* u64 serial, the answer to COMPLETE, INSPECT, IS_COMPLETE (service.h) */

    /* front -> zygote */
    MSG_INTERRUPT = 64, /* SIGINT to the worker's group; answered by MSG_REACHED */
    MSG_KILL,           /* u64 serial: end this cell and the worker, once the cell's snapshot is
                           taken (or some seconds have passed); the newest snapshot takes over;
                           MSG_REACHED */
    MSG_END,            /* the session ends in order: the worker has a second to end by itself */

    /* zygote -> front */
    MSG_DEATH = 96, /* u32 enum death_cause, u32 signal (0: none), u32 exit code, u64 peak KB,
                       u32 enum death_heir, u32 number of the cell that the state precedes */
    MSG_NO_START,   /* string error: the zygote cannot work and ends */
    MSG_REACHED,    /* the signal has been sent: it hits nothing that begins from here on */

    /* worker -> zygote */
    MSG_SNAPSHOT = 128, /* u32 pid, u32 cell number; descriptor: the socket that wakes it */
    MSG_DROP,           /* u32 pid: this snapshot is not needed */
    MSG_KEEP,           /* u32 how many snapshots to keep */
    MSG_CANCEL,         /* end the compile child */
    MSG_UNDO,           /* u32 pid of this cell's own snapshot, dropped; descriptor: a pipe that
                           gets an int, 1 if a snapshot is left to go back to */
    MSG_REST,           /* a cell has ended: there is time to get ready for the next; descriptor:
                           the file of the session's text */
    MSG_LEAVE,          /* u32 enum death_cause: why the worker is about to end on purpose */
    MSG_BARE,           /* there will be no snapshot before this cell */
    MSG_OVER,           /* u64 serial: the cell has ended; its answer goes out after this */

    /* worker -> compile child -> worker, see compile_child.h */
    MSG_COMPILE = 160, /* the request of lang.h; descriptor: where the answer goes */
    MSG_JOB,           /* compile child -> zygote; descriptor: the same */
    MSG_COMPILED,      /* the reply of lang.h */
    MSG_COMPILE_DIED   /* zygote -> worker: u32 wait status of the compile child */
};

enum {
    EXECUTE_SILENT = 1,      /* publish nothing */
    EXECUTE_STDIN = 2,       /* the front end can ask the user */
    EXECUTE_EXPRESSION = 4   /* the code is one expression, its value is wanted */
};

enum death_cause {
    DEATH_FAULT, /* the worker died by itself or was killed from outside */
    DEATH_KILLED, /* by MSG_KILL */
    DEATH_UNDO,
    DEATH_RESET
};

enum death_heir {
    HEIR_SNAPSHOT, /* the state before a cell is back */
    HEIR_FRESH     /* a new, empty worker: no snapshot was left, or a reset was asked for */
};

#endif
