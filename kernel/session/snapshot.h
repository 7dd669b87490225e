/*
 * Snapshots: frozen copies of the worker, from which the session goes on when the worker dies.
 */
#ifndef XTINYCC_SNAPSHOT_H
#define XTINYCC_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SNAPSHOT_KEEP 3
#define SNAPSHOT_KEEP_MAX 20

typedef enum snapshot_result {
    SNAPSHOT_TAKEN,
    SNAPSHOT_WOKEN,  /* this is the copy, alive: the process that made it has died */
    SNAPSHOT_SKIPPED /* none could be taken: reason filled in */
} snapshot_result;

/*
 * Fork a frozen copy of this process and announce it to the zygote.
 *
 * ZYGOTE  the zygote's process; the copy waits in its group
 * CELL    the number of the cell that is about to run
 * PID     set to the copy's process
 * REASON  receives a static line when skipped
 *
 * Returns twice, like fork.
 */
snapshot_result snapshot_take(pid_t zygote, uint32_t cell, pid_t *pid, const char **reason);

/* Why none can be taken now: a static line, or NULL. */
const char *snapshot_obstacle(void);

/* The cell left no trace worth keeping: let the zygote end this snapshot. */
void snapshot_drop(pid_t pid);

#endif
