/*
 * Find what names mean, for the editor services: in the cell being written, the session and the
 * headers.
 */
#ifndef XTINYCC_LOOKUP_H
#define XTINYCC_LOOKUP_H

#include "lang_internal.h"
#include "split.h"

typedef struct world {
    pool pool; /* set pool.out_of_memory first */
    past past;
    names past_names, names; /* headers and session; and the cell */
    items items;
    tokens tokens; /* of the cell */
} world;

/* Returns 0, or -1 if the session's text cannot be read. Free the pool. */
int world_open(world *world, const lang_t *lang, const char *code, size_t size);

/* A declaration found. */
typedef struct found {
    const name *name;
    tokens tokens;
    declaration declaration;
    const declarator *declarator; /* NULL: the name is a tag or an enumerator */
    const entry *entry;           /* NULL: of the cell or of a header */
} found;

bool world_find(world *world, name_space space, const char *text, size_t length, found *out);

/* A member of a structure. */
typedef struct member {
    const token *name;
    const char *type;
    tokens tokens;
    declaration declaration;
} member;

/* The members of the type that the declaration's specifiers name. */
size_t world_members(world *world, const tokens *tokens, const declaration *d, member **out);

/* The members that can follow the `.` or `->` at token AT. */
size_t world_members_before(world *world, size_t at, member **out);

#endif
