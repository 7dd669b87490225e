/**
 * @file host.h
 * The one seam between the library and the program that hosts it.
 *
 * A kernel sets these callbacks once, before the first cell; a program exported from a notebook
 * sets none. The library then falls back to what a plain program wants: displays print their text
 * form to stdout, nothing is ever interrupted, and errors are returned only.
 */
#ifndef NB_HOST_H
#define NB_HOST_H

#include <stddef.h>
#include "nn/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One form of a display: a MIME type and its bytes. Pictures are raw bytes, never base64. */
typedef struct nb_part {
    const char *mime; /**< "text/plain", "text/html", "text/latex", "image/png", ... */
    const void *data; /**< the bytes; text is UTF-8 without a final NUL; JSON types are JSON text */
    size_t size;      /**< number of bytes */
    int width;        /**< display width in CSS pixels for metadata, 0 for none */
    int height;       /**< display height in CSS pixels for metadata, 0 for none */
} nb_part;

/** One display in all its forms; always with a "text/plain" part. */
typedef struct nb_bundle {
    const nb_part *parts;
    size_t count;
} nb_bundle;

/** Callbacks of the hosting program. Any of them may be NULL. */
typedef struct nb_host {
    void *self; /**< handed to every callback */

    /**
     * Show a bundle. Called on the cell's thread; the bundle is only valid during the call.
     *
     * @param id      0 for a display of its own; else the number of a display that can be
     *                updated, unique within the cell (from nb_display_new_id)
     * @param update  nonzero to replace the display shown under @p id earlier in this cell
     */
    void (*display)(void *self, const nb_bundle *bundle, unsigned id, int update);

    /** Clear the cell's output; with @p wait only when the next output arrives. */
    void (*clear_output)(void *self, int wait);

    /** Return nonzero once the user has asked to stop. Cheap: long loops poll it every step. */
    int (*interrupted)(void *self);

    /** Return nonzero if this cell must show nothing (a silent request). */
    int (*silent)(void *self);

    /** Raise an error of the cell. Does not return. */
    void (*raise)(void *self, const char *name, const char *message);

    /**
     * Print a line of progress on the cell's stdout: the one line per epoch of model_fit(), the
     * only text that the library ever prints. NULL: stdout of the C library.
     */
    void (*print)(void *self, const char *text, size_t size);
} nb_host;

/**
 * Set the callbacks of the hosting program.
 *
 * @param host  copied; NULL restores the defaults for plain programs
 */
NN_API void nb_host_set(const nb_host *host);

/** Return the callbacks in force; never NULL, though single callbacks may be. */
NN_API const nb_host *nb_host_get(void);

/** Return nonzero once the user has asked to stop (0 without a host). */
NN_API int nb_interrupted(void);

/**
 * Raise this thread's last error (nn/error.h) through the host.
 *
 * @return only if no host can raise; the caller then deals with the error itself, as the inline
 *         functions of notebook.h do for exported programs: print one line and exit.
 */
NN_API void nb_raise_last_error(void);

#ifdef __cplusplus
}
#endif
#endif
