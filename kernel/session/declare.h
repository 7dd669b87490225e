/*
 * Read one declaration: its specifiers, its declarators, what they declare.
 *
 * The reader is lenient: it finds where things begin and end in what a compiler would accept and
 * stops at a sensible place in what it would not.
 */
#ifndef XTINYCC_DECLARE_H
#define XTINYCC_DECLARE_H

#include "names.h"
#include "scan.h"

#define DECLARE_NONE ((size_t)-1)

/* Positions are indexes into the tokens; ends are one past. */
typedef struct declarator {
    size_t first, end;          /* with attributes and asm label, without initialiser */
    size_t name;                /* DECLARE_NONE: abstract */
    bool is_function;           /* declares a function, not an object */
    bool is_array;              /* declares an array ... */
    bool unsized;               /* ... whose first size is `[]` */
    size_t brackets_first, brackets_end; /* `[..][..]` of that array */
    size_t parameters, parameters_end;   /* function: `(`, and after `)` */
    size_t initialiser, initialiser_end; /* after `=`; DECLARE_NONE if there is none */
} declarator;

typedef struct declaration {
    bool is_typedef, is_extern, is_static, is_thread;
    bool is_const;              /* `const` among the specifiers */
    bool is_automatic;          /* `__auto_type`: the type is that of the value */
    bool unknown_type;          /* begins with a name that is no type */
    bool no_type;               /* implicit int */
    bool is_definition;         /* of a function */
    bool complete;              /* ended by `;` or the `}` of a body */
    size_t specifiers, specifiers_end;
    size_t type_name;           /* the typedef name or unknown name used, or DECLARE_NONE */
    size_t tag_keyword;         /* `struct`, `union`, `enum` token, or DECLARE_NONE */
    size_t tag_name;            /* or DECLARE_NONE: anonymous */
    size_t tag_body, tag_body_end; /* `{` and after `}`, or DECLARE_NONE */
    declarator *list;
    size_t count;
    size_t body;                /* function definition: the `{` */
    size_t old_style, old_style_end; /* K&R parameter declarations, if any */
    size_t end;
} declaration;

/* Read the declaration that begins at FIRST. */
void declaration_read(pool *pool, const names *names, const tokens *tokens, size_t first,
                      declaration *out);

/* Where its last declarator ends: the `;`, unless something stands there that is not C. */
size_t declaration_tail(const declaration *declaration);

/* Its tokens now stand BY places further to the front. */
void declaration_move(declaration *declaration, size_t by);

/* Whether a declaration begins at AT (a token of an item's start). */
bool declaration_begins(const names *names, const tokens *tokens, size_t at);

bool is_specifier_keyword(const token *token);
bool is_statement_keyword(const token *token);
bool is_tag_keyword(const token *token);
/* Any word of the language. */
bool is_keyword(const token *token);

/* The index after the bracket that closes the one at AT, or the end of the tokens. */
size_t tokens_close(const tokens *tokens, size_t at, bool *complete);

/* Enter everything the declaration declares at file scope into NAMES' top table: the tags and
   enumerators of its bodies, its typedefs, functions and objects. ORIGIN gives the entries' place,
   item, start and end. */
void declaration_enter(names *names, const tokens *tokens, const declaration *declaration,
                       const name *origin);

#endif
