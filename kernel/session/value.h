/*
 * Show a value of C as text: `{.x = 1, .y = 2.5}`, `'a' (97)`, `GREEN (1)`.
 * Rules: session design, "Displaying the last value". Memory is read with process_vm_readv, so a
 * bad pointer never faults.
 */
#ifndef XTINYCC_VALUE_H
#define XTINYCC_VALUE_H

#include "loader.h"
#include "wire.h"

/* Append the text of the object at ADDRESS, whose type is what the static pointer SHOWN of image
   IMAGE points to. Returns 0; -1 if the type is void or unknown (nothing is appended). */
int value_text(const loader_t *loader, int image, const char *shown, const void *address,
               wire_buf *out);

/* The C spelling of that type, such as "struct point [3]" (for inspect and %who). */
int value_type_text(const loader_t *loader, int image, const char *shown, wire_buf *out);

#endif
