/*
 * Which compiler a cell goes to: TinyCC, unless a construct or a name in it is one that only the
 * system compiler knows.
 */
#ifndef XTINYCC_ROUTE_H
#define XTINYCC_ROUTE_H

#include "past.h"
#include "refuse.h"
#include "split.h"

/* The first thing in the cell that TinyCC cannot compile, as a reason and a token; the reason is
   NULL if there is none. */
refusal route_find(const type_scope *cell);

/* A function of TinyCC's that a cell for the system compiler cannot call (hole H17). */
refusal route_find_foreign(pool *pool, const names *names, const past *past, const items *items);

/* Mark the items that TinyCC cannot even declare (item.native), and through them those that use
   what they declare. */
void route_mark(pool *pool, const names *names, const past *past, items *items);

#endif
