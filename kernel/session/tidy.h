/*
 * Put back what a cell must not leave changed: the dispositions of the signals that the engine
 * lives by, the signal mask, the alarm, the floating-point mode, and descriptors 1 and 2.
 * Handlers for other signals (SIGUSR1, ...) stay, as state of the session.
 */
#ifndef XTINYCC_TIDY_H
#define XTINYCC_TIDY_H

void tidy_before_cell(void);
void tidy_after_cell(void);

/* After a take-over: the cell that began in the dead process never ended. */
void tidy_adopt(void);

#endif
