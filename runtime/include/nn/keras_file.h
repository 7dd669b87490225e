/**
 * @file keras_file.h
 * Save models as `.keras` files that Keras opens, and load those that Keras wrote.
 *
 * A `.keras` file holds the architecture, the weights, the settings of compile() and the
 * optimizer's state: training goes on where it stopped. Files written here are read by Keras 3 and
 * by TF-Keras 2.15; read here are files of Keras 3 and of TF-Keras 2.13 to 2.15, Sequential models
 * of the layers in nn/layer.h.
 *
 * A quantised model (nn/quantize.h) is saved in a file of its own, "*.nnq", which only this library
 * reads; nn_model_save() and nn_model_load() tell them by the suffix.
 *
 * Files from elsewhere are parsed by a helper program under limits: a damaged or hostile file is an
 * error, never the end of the session, and nothing of it is ever executed.
 */
#ifndef NN_KERAS_FILE_H
#define NN_KERAS_FILE_H

#include "nn/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Options of nn_model_save(); zero means default. */
typedef struct save_opts {
    int no_optimizer;  /**< nonzero: leave the optimizer's state out (a third of the size) */
    int no_overwrite;  /**< nonzero: an existing file is an error */
    int keras2;        /**< nonzero: optimizer's state as TF-Keras 2.15 restores it; Keras 3 then
                            skips it with a warning */
    int reserved;      /**< leave zero */
} save_opts;

/** What nn_model_save() wrote. */
typedef struct saved_t {
    char path[512];  /**< the file (cut to fit) */
    char sha256[65]; /**< of the file, hexadecimal */
    int64_t bytes;   /**< size of the file; -1 after an error */
    double seconds;  /**< wall time of saving */
} saved_t;

/**
 * Save a model as a `.keras` file.
 *
 * The file appears at once and complete: it is written beside its place, read back and compared
 * bit for bit, then renamed. When anything fails, or the user stops it, an older file of that name
 * stays as it was.
 *
 * The bytes depend on the model and the time only; with SOURCE_DATE_EPOCH set, on the model.
 *
 * @param model  any model
 * @param path   must end in ".keras", for a quantised model in ".nnq"; its folder must exist. In $XTINYCC_OUT where that is set and
 *               the path is relative
 * @param opts   options
 * @return       what was written; `.bytes` is -1 on ValueError (another suffix, a weight tensor
 *               above 512 MB), FileNotFoundError (no such folder), OSError (not allowed, disk
 *               full, exists with no_overwrite), MemoryError or KeyboardInterrupt
 */
NN_API saved_t nn_model_save(const model_t *model, const char *path, save_opts opts);

/** Options of nn_model_load(); zero means default. */
typedef struct load_opts {
    int no_compile; /**< nonzero: leave out compile settings and the optimizer's state */
    int reserved;   /**< leave zero */
} load_opts;

/**
 * Load a model from a `.keras` file.
 *
 * Weights, compile settings and the optimizer's state come back bit for bit. What the file holds
 * beyond that and cannot be used (an unknown optimizer, a state that does not fit) is left out and
 * told by nn_load_warnings().
 *
 * @param path  a `.keras` or `.nnq` file; a relative one is looked for in $XTINYCC_OUT first, if that is set
 * @param opts  options
 * @return      a new model; NULL on FileNotFoundError, ValueError (not a `.keras` file, damaged,
 *              unknown layers or settings, shapes that do not agree; the message says which),
 *              OSError, MemoryError or KeyboardInterrupt
 */
NN_API model_t *nn_model_load(const char *path, load_opts opts);

/**
 * Tell what this thread's last nn_model_load() left out.
 *
 * @return lines, each ending in a newline; "" if there is nothing to tell. Valid until the next
 *         nn_model_load() of the thread.
 */
NN_API const char *nn_load_warnings(void);

#ifdef __cplusplus
}
#endif
#endif
