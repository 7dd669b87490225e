/*
 * The debug information of one unit, as TinyCC writes it (stabs), read once when the unit is
 * loaded: entries with absolute addresses, and a graph of types. Reading it later allocates
 * nothing, so signal handlers may. Fuzzed (tests/fuzz/stabs_fuzz.c).
 */
#ifndef XTINYCC_STABS_H
#define XTINYCC_STABS_H

#include "elf_object.h"

#include <stdint.h>

typedef struct debug_type debug_type;

typedef enum type_kind {
    TYPE_UNKNOWN, /* not described, or incomplete */
    TYPE_VOID,
    TYPE_BOOL,
    TYPE_CHAR,
    TYPE_SIGNED,
    TYPE_UNSIGNED,
    TYPE_FLOAT,
    TYPE_ENUM,
    TYPE_POINTER,
    TYPE_FUNCTION,
    TYPE_ARRAY,
    TYPE_STRUCT,
    TYPE_UNION,
    TYPE_ALIAS /* another name of TARGET; never returned by debug_type_resolve */
} type_kind;

typedef struct type_field {
    const char *name; /* "" for an unnamed member */
    const debug_type *type;
    uint64_t bit_offset;
    uint64_t bit_size;
} type_field;

typedef struct type_enumerator {
    const char *name;
    int64_t value;
} type_enumerator;

struct debug_type {
    type_kind kind;
    const char *name;         /* C spelling of a basic type; tag of a structure; "" for none */
    uint64_t size;            /* bytes; arrays: use debug_type_size */
    const debug_type *target; /* pointer, function, array, alias */
    uint64_t count;           /* elements, fields or enumerators */
    const type_field *fields;
    const type_enumerator *enumerators;
};

enum stab_type {
    N_GSYM = 0x20,  /* global variable */
    N_FUN = 0x24,   /* function; value: its start; type: what it returns */
    N_STSYM = 0x26, /* static variable with a value */
    N_LCSYM = 0x28, /* static variable, zero */
    N_SLINE = 0x44, /* line; value relative to the function */
    N_SO = 0x64,    /* source file, or the end of the unit when empty */
    N_LSYM = 0x80,  /* local variable; value relative to rbp */
    N_SOL = 0x84,   /* source file from here on */
    N_PSYM = 0xa0,  /* parameter; value relative to rbp */
    N_LBRAC = 0xc0, /* block begins; value relative to the function */
    N_RBRAC = 0xe0  /* block ends */
};

typedef struct stab {
    const char *name;       /* of a variable, function or file; "" for none */
    const debug_type *type; /* of a variable; NULL for none */
    int64_t value;          /* address, or as enum stab_type says */
    uint16_t line;
    uint8_t kind; /* enum stab_type */
} stab_t;

typedef struct stabs {
    stab_t *entries;
    size_t count;
    struct stabs_block *blocks; /* memory of names and types */
    debug_type **types;         /* by number, while reading */
    size_t type_capacity;
} stabs_t;

/*
 * Read the stabs of an object. VALUES holds the address of every symbol of the object. Returns
 * NULL if there are none or memory is out; the unit then works without debug information.
 */
stabs_t *stabs_read(const elf_object *object, void *const *values);
void stabs_free(stabs_t *stabs);

/* Look through aliases; never NULL. */
const debug_type *debug_type_resolve(const debug_type *type);
/* Size in bytes; 0 if unknown or absurd. */
uint64_t debug_type_size(const debug_type *type);

/* stab_type.c: read the type at *AT ("30=ar1;0;1;15"), moving *AT behind it. NULL if the text is
   damaged or memory is out. */
const debug_type *stabs_parse_type(stabs_t *stabs, const char **at, int depth);
/* Number the basic type that TinyCC calls so; NUMBER is text like "3=r3;...". False if there is
   no such type. */
bool stabs_basic_type(stabs_t *stabs, const char *name, size_t length, const char *number);
/* Give a structure its tag. */
void stabs_name_type(const debug_type *type, const char *name);
/* Memory that lives as long as the stabs, zeroed; NULL when memory is out. */
void *stabs_allocate(stabs_t *stabs, size_t size);
const char *stabs_keep_text(stabs_t *stabs, const char *text, size_t length);

#endif
