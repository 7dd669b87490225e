/*
 * One of the silent holes: `*(char *)0x123456789000` is compiled with 32 bits of the address.
 */
#ifndef XTINYCC_REFUSE_ADDRESS_H
#define XTINYCC_REFUSE_ADDRESS_H

#include "split.h"

/* The constant, or for one that a macro makes the first token of the item; NULL: none. */
const token *refuse_far_address(pool *pool, const names *names, const item *item);

#endif
