/*
 * Repair a stream of bytes into whole UTF-8 characters.
 */
#ifndef XTINYCC_UTF8_H
#define XTINYCC_UTF8_H

#include <stddef.h>
#include "wire.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Up to 3 bytes of a character that the next bytes may complete. */
typedef struct utf8_state {
    unsigned char held[4];
    size_t count;
} utf8_state;

/* Append SIZE bytes to OUT; invalid sequences become U+FFFD (one for each maximal part of a
   character), an unfinished one at the end is held back. NUL passes. */
void utf8_repair(utf8_state *state, const char *data, size_t size, wire_buf *out);

/* No byte follows: what is held becomes U+FFFD. */
void utf8_finish(utf8_state *state, wire_buf *out);

#ifdef __cplusplus
}
#endif
#endif
