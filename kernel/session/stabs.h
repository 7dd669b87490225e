/*
 * The debug information of one unit, as TinyCC writes it (stabs), with addresses made absolute.
 */
#ifndef XTINYCC_STABS_H
#define XTINYCC_STABS_H

#include "elf_object.h"

#include <stdint.h>

typedef struct stab {
    const char *text; /* "n:p1"; "" for none */
    uint8_t type;     /* N_FUN, ... of stabs.c */
    uint16_t desc;    /* line number */
    int64_t value;    /* address, or as the type says */
} stab_t;

typedef struct stabs {
    stab_t *entries;
    size_t count;
    char *texts;
} stabs_t;

enum stab_type {
    N_GSYM = 0x20,  /* global variable */
    N_FUN = 0x24,   /* function; value: its start */
    N_STSYM = 0x26, /* static variable with a value */
    N_LCSYM = 0x28, /* static variable, zero */
    N_SLINE = 0x44, /* line; value relative to the function */
    N_SO = 0x64,    /* source file, or the end of the unit when empty */
    N_LSYM = 0x80,  /* local variable (value relative to rbp) or type */
    N_SOL = 0x84,   /* source file from here on */
    N_PSYM = 0xa0,  /* parameter (value relative to rbp) */
    N_LBRAC = 0xc0, /* block begins; value relative to the function */
    N_RBRAC = 0xe0  /* block ends */
};

/*
 * Copy the stabs of an object. VALUES holds the address of every symbol of the object. Returns
 * NULL if there are none or memory is out; the unit then works without debug information.
 */
stabs_t *stabs_read(const elf_object *object, void *const *values);
void stabs_free(stabs_t *stabs);

#endif
