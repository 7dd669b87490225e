/**
 * @file device.h
 * See and choose what computes, and describe this machine for records.
 *
 * A device is never replaced by another behind the user's back: asking for one that is absent is
 * an error that says why and what to do.
 */
#ifndef NN_DEVICE_H
#define NN_DEVICE_H

#include <stdint.h>
#include "nn/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One device, present or not. */
typedef struct nn_device_info {
    char name[16];         /**< "cpu", "gpu:0", "tpu:0" */
    char description[128]; /**< the CPU's model name; "" for an absent device */
    char reason[256];      /**< why it is absent; "" if it is there */
    int available;
    int in_use;
} nn_device_info;

/**
 * List the devices: the CPU, then one row for each kind of accelerator, absent or not.
 *
 * @param rows      receives up to @p capacity rows; may be NULL
 * @return          number of rows there are
 */
NN_API int nn_devices(nn_device_info *rows, int capacity);

/**
 * Choose the device of all later training and inference.
 *
 * @param name  "cpu", "gpu", "gpu:0", "tpu", "tpu:0"; NULL: XTINYCC_DEVICE, else "cpu"
 * @return      NN_OK; NN_VALUE_ERROR (unknown name, or no such device here)
 */
NN_API nn_status nn_use_device(const char *name);

/** Return the name of the device in use; NULL on ValueError (XTINYCC_DEVICE names one that is
    absent). */
NN_API const char *nn_device_in_use(void);

/** What this library and this machine are. */
typedef struct nn_system_info {
    char version[32];   /**< of this library */
    char compiler[64];  /**< that built it */
    char isa[8];        /**< instruction set in use: "v2", "v3", "v4" */
    char cpu[128];      /**< model name */
    int threads;        /**< used by default */
    int cores;          /**< of the machine */
    double load_average; /**< of the last minute; NaN where the system has none */
} nn_system_info;

/** Describe library and machine, for the notebook's head and for records. */
NN_API nn_system_info nn_system(void);

/** Return the same as one line: "xeus-tinycc 0.1.0, gcc 12.2.0, ISA v4, 2 threads". */
NN_API const char *nn_version_text(void);

#ifdef __cplusplus
}
#endif
#endif
