/*
 * Which line of which cell the system compiler's code belongs to: the DWARF line table of an
 * object (versions 2 to 4), read once when it is loaded into the form of TinyCC's stabs, so that
 * debug.h answers for both. Nothing in the object is trusted. Fuzzed (tests/fuzz/object_fuzz.c).
 */
#ifndef XTINYCC_LINE_TABLE_H
#define XTINYCC_LINE_TABLE_H

#include "elf_object.h"
#include "stabs.h"

/* VALUES holds the address of every symbol of the object. NULL if there is no line table or memory
   is out. Types and variables are not read. Free with stabs_free(). */
stabs_t *line_table_read(const elf_object *object, void *const *values);

#endif
