/**
 * @file host.h
 * Keep a C session alive and run cells in it.
 *
 * A host_t owns the worker processes (xtinycc-worker) of one session. It restores the state before
 * a cell that died, forwards interrupts, pumps the cell's output while it runs and hands every
 * event to callbacks. It knows nothing of Jupyter; the Jupyter kernel and the terminal front end
 * use the same functions.
 *
 * Threads: all functions are called from one thread (the main thread), one at a time, except
 * host_interrupt(), which any thread may call at any time. Callbacks come
 * on the thread that called host_execute(), except host_events.stream, which also comes from the
 * host's own pump thread for what is printed while no cell runs.
 *
 * Ownership: texts and bundles in callbacks are valid during the callback. A host_reply is freed
 * with host_reply_free().
 */
#ifndef XTINYCC_HOST_H
#define XTINYCC_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct host host_t;

/** One form of a display (same meaning as nb_part of the runtime, which the host does not know). */
typedef struct host_part {
    const char *mime; /**< NUL-terminated MIME type */
    const char *data; /**< raw bytes: UTF-8 for text, binary for pictures, JSON text for +json */
    size_t size;
    int width;  /**< CSS pixels for metadata, 0 for none */
    int height; /**< CSS pixels for metadata, 0 for none */
} host_part;

typedef struct host_bundle {
    const host_part *parts;
    size_t count;
} host_bundle;

/** What the front end is asked for when a cell reads from stdin. */
typedef enum host_input_status {
    HOST_INPUT_LINE,        /**< *line was set (malloc'ed; the host frees it), without newline */
    HOST_INPUT_EOF,         /**< end of file */
    HOST_INPUT_NONE,        /**< the front end cannot ask: StdinNotImplementedError */
    HOST_INPUT_INTERRUPTED  /**< the question was withdrawn by an interrupt */
} host_input_status;

/** Callbacks of the front end; @p context is host_options.context. Any may be NULL. */
typedef struct host_events {
    /** Text of the cell's stdout (fd 1) or stderr (fd 2): whole UTF-8 characters, invalid bytes
        replaced by U+FFFD; live, coalesced to at most 20 calls a second.
        @param number  execution number of the cell it belongs to (0 before any) */
    void (*stream)(void *context, int fd, const char *text, size_t size, int number);
    /** A display. @param id  0, or the number of an updatable display, unique in the session.
        @param update  nonzero replaces the display shown under @p id. */
    void (*display)(void *context, const host_bundle *bundle, uint64_t id, bool update);
    /** The value of the cell's trailing expression. */
    void (*result)(void *context, const host_bundle *bundle);
    void (*clear_output)(void *context, bool wait);
    /** Ask the user for one line. All output printed so far has been handed over before. */
    host_input_status (*input)(void *context, const char *prompt, bool password, char **line);
} host_events;

typedef struct host_options {
    host_events events;
    void *context;
    const char *worker_path; /**< NULL: xtinycc-worker beside this executable */
    size_t stream_rate; /**< bytes of output a second in the long run, three seconds' worth at
                             once; 0: no limit. Jupyter servers drop what comes faster than
                             1 MB/s over 3 s. */
} host_options;

/** How a request ended. */
typedef enum host_status { HOST_OK, HOST_ERROR, HOST_ABORTED } host_status;

typedef struct host_reply {
    host_status status;
    char *ename;     /**< "CompileError", "SIGSEGV", "ValueError", ...; NULL if ok */
    char *evalue;    /**< one line; NULL if ok */
    char *traceback; /**< the full text, ANSI-coloured, lines separated by '\n'; NULL if ok */
    bool rolled_back; /**< the session stands as before the cell */
} host_reply;

typedef struct host_execute_options {
    int number;      /**< execution number: the N of In[N] */
    bool silent;     /**< publish nothing: no result, no display */
    bool allow_stdin; /**< whether events.input may be called */
} host_execute_options;

/**
 * Start the worker processes of a session.
 *
 * Call it first thing in main, before any thread exists, any socket is open and any secret is in
 * memory, with SIGINT, SIGCHLD and SIGPIPE blocked. The process becomes a subreaper, and should the
 * session's processes be killed from outside, all its children are: let it have no others.
 *
 * @param options  copied
 * @param error    receives one line when NULL is returned; may be NULL
 * @return         the session, or NULL: executable missing, no memory, no processes.
 *                 Free with host_stop().
 */
host_t *host_start(const host_options *options, char *error, size_t error_size);

/** Replace callbacks and context (the Jupyter front end knows them only after it has started). */
void host_set_events(host_t *host, const host_events *events, void *context);

/** End the session: worker, its process group, snapshots, zygote. NULL is a no-op. */
void host_stop(host_t *host);

/**
 * Remove the session's temporary files, because this process is about to end without host_stop():
 * its main thread is in a cell that does not end. The session's processes end with this one.
 * May be called from any thread.
 */
void host_abandon(host_t *host);

/**
 * Run one cell and wait for it.
 *
 * All output of the cell has been handed to the callbacks when it returns.
 *
 * @param code   UTF-8, @p size bytes
 * @param reply  filled in always; free with host_reply_free()
 * @return       0, or -1 if the session is gone for good (reply: KernelError)
 */
int host_execute(host_t *host, const char *code, size_t size, const host_execute_options *options,
                 host_reply *reply);

/** Evaluate one expression, with its value as a bundle handed to events.result. */
int host_evaluate(host_t *host, const char *expression, size_t size, host_reply *reply);

void host_reply_free(host_reply *reply);

/**
 * Ask the running cell to stop. Safe from any thread and when idle (then nothing happens).
 *
 * A further call escalates as the session design says: once the first is unanswered and at least
 * one second old, the worker is killed and the state before the cell returns.
 */
void host_interrupt(host_t *host);

/** Completions. */
typedef struct host_completions {
    char **matches; /**< NULL-terminated array of @p count strings */
    char **types;   /**< as many: "function", "variable", "type", "macro", "keyword", "member", ... */
    size_t count;
    size_t start, end; /**< byte offsets of the text that a match replaces */
} host_completions;

/** @param cursor  byte offset into @p code. @return 0, or -1 (nothing found; *out is empty). */
int host_complete(host_t *host, const char *code, size_t size, size_t cursor,
                  host_completions *out);
void host_completions_free(host_completions *completions);

/**
 * Describe the name at the cursor: declaration, value, header and documentation.
 *
 * @param detail  0 or 1 (source as well)
 * @param text    set to a malloc'ed text (plain, free with free()), or NULL if nothing is known
 * @return        0 found, 1 not found, -1 the session is gone
 */
int host_inspect(host_t *host, const char *code, size_t size, size_t cursor, int detail,
                 char **text);

typedef enum host_complete_status {
    HOST_CODE_COMPLETE, HOST_CODE_INCOMPLETE, HOST_CODE_INVALID, HOST_CODE_UNKNOWN
} host_complete_status;

/**
 * Tell whether a cell is a complete piece of C. Never compiles or runs anything.
 *
 * @param indent  receives the number of spaces for the next line when incomplete; may be NULL
 */
host_complete_status host_is_complete(host_t *host, const char *code, size_t size, int *indent);

/**
 * Find xtinycc-worker beside this executable.
 *
 * @return 0, or -1 with errno; @p path names the place in both cases
 */
int host_find_worker(char *path, size_t size);

/** Return the __STDC_VERSION__ of the session's compiler, such as "201112". Constant once started. */
const char *host_language_version(const host_t *host);

#ifdef __cplusplus
}
#endif
#endif
