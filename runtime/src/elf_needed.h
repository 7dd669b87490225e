/* Which libraries a shared library needs (DT_NEEDED), read from its file before it is loaded. */
#ifndef NN_ELF_NEEDED_H
#define NN_ELF_NEEDED_H

#include <stddef.h>

/* The name that comes INDEX-th, from 0, inside DATA; NULL behind the last, or if DATA is no 64-bit
   ELF file of this machine's byte order, or damaged. */
const char *nn__elf_needed(const unsigned char *data, size_t size, int index);

#endif
