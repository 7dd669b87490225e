/**
 * @file error.h
 * Read why a call of the library failed.
 *
 * A function that can fail returns an nn_status, or NULL where it returns an object. The reason
 * stands in a message of the calling thread, which the next failing call of that thread replaces.
 * The library never prints, exits or aborts. Cells need none of this: the macros of notebook.h
 * turn a failure into an error of the cell.
 */
#ifndef NN_ERROR_H
#define NN_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) && !defined(__TINYC__)
#define NN_API              __attribute__((visibility("default")))
#define NN_PRINTF(fmt, arg) __attribute__((format(printf, fmt, arg)))
#else
#define NN_API
#define NN_PRINTF(fmt, arg)
#endif

/** Tell success from the kinds of failure. The names that cells show stand behind each. */
typedef enum nn_status {
    NN_OK = 0,
    NN_VALUE_ERROR,    /**< ValueError: an argument that does not fit. */
    NN_FILE_NOT_FOUND, /**< FileNotFoundError: no such file, or no source of a data set answered. */
    NN_OS_ERROR,       /**< OSError: reading, writing or starting a helper failed. */
    NN_MEMORY_ERROR,   /**< MemoryError: the message names the size. */
    NN_INTERRUPTED     /**< KeyboardInterrupt: stopped; what was reached is kept. */
} nn_status;

/**
 * Return the message of this thread's last failure.
 *
 * One line that says which function failed, what was given, what was expected and what to do;
 * a second line with help may follow after a newline. Valid until the next failing call of the
 * same thread. Never NULL; empty before any failure.
 */
NN_API const char *nn_error_message(void);

/** Return the kind of this thread's last failure (NN_OK before any). */
NN_API nn_status nn_error_status(void);

/**
 * Return the name under which a failure is shown, such as "ValueError".
 *
 * @param status  a value of nn_status other than NN_OK
 * @return        a constant string; "KernelError" for anything unknown
 */
NN_API const char *nn_status_name(nn_status status);

#ifdef __cplusplus
}
#endif
#endif
