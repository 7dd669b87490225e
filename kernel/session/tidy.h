/*
 * Put back what a cell must not leave changed: the dispositions of the signals that the engine
 * lives by, the signal mask, the alarm, the floating-point mode, limits of
 * resources, the process group, and descriptors 1 and 2.
 * Handlers for other signals (SIGUSR1, ...) stay, as state of the session.
 */
#ifndef XTINYCC_TIDY_H
#define XTINYCC_TIDY_H

void tidy_before_cell(void);
void tidy_after_cell(void);

/* The limit WHICH (RLIMIT_DATA, ...) was changed on purpose: it stays after the cell. */
void tidy_keep_limit(int which);

/* After a take-over: the cell that began in the dead process never ended. */
void tidy_adopt(void);

#endif
