/*
 * The whole interface of the session room: run one cell from text to reply.
 *
 * The worker loop (worker.c) owns the processes and the wire; it calls these functions and gives
 * them the means to compile in a child and to send events.
 */
#ifndef XTINYCC_SESSION_H
#define XTINYCC_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include "wire.h"

#endif
