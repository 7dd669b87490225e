/*
 * The message format that front, zygote, worker and compile child share.
 *
 * A message is a kind and a body; a body is a sequence of fields written and read in a fixed
 * order: 32-bit and 64-bit little-endian integers and byte strings (32-bit length, bytes, one NUL
 * that the length does not count). Readers check every bound: a short or oversized field sets
 * `bad`, and everything read after it is zero or empty, so that one test at the end is enough.
 * The limit on a body is WIRE_BODY_MAX. Fuzzed (tests/fuzz/wire_fuzz.c).
 */
#ifndef XTINYCC_WIRE_H
#define XTINYCC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WIRE_BODY_MAX (256u << 20)

/* A growing buffer. Out of memory sets `bad`; the buffer then stays as it was. */
typedef struct wire_buf {
    char *data;
    size_t size, capacity;
    bool bad;
} wire_buf;

void wire_buf_free(wire_buf *buf); /* frees the data and zeroes the struct */
void wire_put_raw(wire_buf *buf, const void *data, size_t size); /* bytes without a length */
void wire_put_u32(wire_buf *buf, uint32_t value);
void wire_put_u64(wire_buf *buf, uint64_t value);
void wire_put_bytes(wire_buf *buf, const void *data, size_t size);
void wire_put_string(wire_buf *buf, const char *text); /* NULL is written as "" */

/* A reader over bytes that somebody else owns. */
typedef struct wire_reader {
    const char *data;
    size_t size, at;
    bool bad;
} wire_reader;

wire_reader wire_read(const void *data, size_t size);
uint32_t wire_get_u32(wire_reader *r);
uint64_t wire_get_u64(wire_reader *r);
/* Returns a pointer into the message, NUL-terminated; "" when bad. *size may be NULL. */
const char *wire_get_bytes(wire_reader *r, size_t *size);
/* As wire_get_bytes, but a text that holds a NUL inside is bad. */
const char *wire_get_string(wire_reader *r);

#ifdef __cplusplus
}
#endif
#endif
