/*
 * The type language of stabs, as far as TinyCC writes it:
 *
 *   type := number | number '=' definition
 *   definition := type | '*' type | 'f' type | 'ar' number ';' low ';' high ';' type
 *               | 'r' number ';' low ';' high ';'
 *               | ('s' | 'u') size { name ':' type ',' bit-offset ',' bit-size ';' } ';'
 *               | 'e' { name ':' value ',' } ';'
 *
 * Numbers may be used before they are defined.
 */
#include "stabs.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 200, MAX_NUMBER = 1 << 20, MAX_ALIASES = 64 };

/* Names that TinyCC gives basic types, and how C programmers spell them. */
static const struct {
    const char *name;
    debug_type type;
} basic_types[] = {
    {"int", {TYPE_SIGNED, "int", 4}},
    {"char", {TYPE_CHAR, "char", 1}},
    {"long int", {TYPE_SIGNED, "long", 8}},
    {"unsigned int", {TYPE_UNSIGNED, "unsigned int", 4}},
    {"long unsigned int", {TYPE_UNSIGNED, "unsigned long", 8}},
    {"long long int", {TYPE_SIGNED, "long long", 8}},
    {"long long unsigned int", {TYPE_UNSIGNED, "unsigned long long", 8}},
    {"short int", {TYPE_SIGNED, "short", 2}},
    {"short unsigned int", {TYPE_UNSIGNED, "unsigned short", 2}},
    {"signed char", {TYPE_SIGNED, "signed char", 1}},
    {"unsigned char", {TYPE_UNSIGNED, "unsigned char", 1}},
    {"float", {TYPE_FLOAT, "float", 4}},
    {"double", {TYPE_FLOAT, "double", 8}},
    {"long double", {TYPE_FLOAT, "long double", 16}},
    {"bool", {TYPE_BOOL, "_Bool", 1}},
    {"_Bool", {TYPE_BOOL, "_Bool", 1}},
    {"void", {TYPE_VOID, "void", 0}},
};

static const debug_type unknown_type = {TYPE_UNKNOWN, "", 0};

const debug_type *debug_type_resolve(const debug_type *type)
{
    for (int i = 0; type && type->kind == TYPE_ALIAS && i < MAX_ALIASES; i++)
        type = type->target;
    return type && type->kind != TYPE_ALIAS ? type : &unknown_type;
}

uint64_t debug_type_size(const debug_type *type)
{
    type = debug_type_resolve(type);
    uint64_t size = 1;
    for (int i = 0; type->kind == TYPE_ARRAY && i < MAX_ALIASES; i++) {
        if (__builtin_mul_overflow(size, type->count, &size))
            return 0;
        type = debug_type_resolve(type->target);
    }
    if (type->kind == TYPE_ARRAY || __builtin_mul_overflow(size, type->size, &size))
        return 0;
    return size;
}

/* Make room for type NUMBER. False if the number is absurd or memory is out. */
static bool reserve(stabs_t *stabs, long number)
{
    if (number <= 0 || number > MAX_NUMBER)
        return false;
    if ((size_t)number < stabs->type_capacity)
        return true;
    size_t capacity = stabs->type_capacity ? stabs->type_capacity * 2 : 64;
    while (capacity <= (size_t)number)
        capacity *= 2;
    debug_type **types = realloc(stabs->types, capacity * sizeof *types);
    if (!types)
        return false;
    memset(types + stabs->type_capacity, 0, (capacity - stabs->type_capacity) * sizeof *types);
    stabs->types = types;
    stabs->type_capacity = capacity;
    return true;
}

/* Type NUMBER, made if it is new; NULL if that fails. */
static debug_type *numbered(stabs_t *stabs, long number)
{
    if (!reserve(stabs, number))
        return NULL;
    debug_type *type = stabs->types[number];
    if (!type) {
        type = stabs_allocate(stabs, sizeof *type);
        if (!type)
            return NULL;
        *type = unknown_type;
        stabs->types[number] = type;
    }
    return type;
}

static bool accept(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

/* Values up to 2^64-1 come back as their bits. */
static int64_t parse_number(const char **at)
{
    char *end;
    int64_t value = **at == '-' ? strtoll(*at, &end, 10)
                                : (int64_t)strtoull(*at, &end, **at == '0' ? 8 : 10);
    *at = end;
    return value;
}

/* "name:", with *AT left behind the colon. NULL if there is none. */
static const char *parse_name(stabs_t *stabs, const char **at)
{
    const char *colon = strchr(*at, ':');
    if (!colon)
        return NULL;
    const char *name = stabs_keep_text(stabs, *at, (size_t)(colon - *at));
    *at = colon + 1;
    return name;
}

/* 'x;low;high;' of a basic type whose name is not in the table: only its size can be told. */
static bool parse_range(debug_type *type, const char **at)
{
    parse_number(at);
    if (!accept(at, ';'))
        return false;
    int64_t low = parse_number(at);
    if (!accept(at, ';'))
        return false;
    parse_number(at);
    type->kind = TYPE_UNKNOWN;
    type->size = low > 0 && low <= 16 ? (uint64_t)low : 0; /* as in float:t14=r1;4;0; */
    return accept(at, ';');
}

static bool parse_array(stabs_t *stabs, debug_type *type, const char **at, int depth)
{
    if (!accept(at, 'r'))
        return false;
    parse_number(at);
    if (!accept(at, ';'))
        return false;
    int64_t low = parse_number(at);
    if (!accept(at, ';'))
        return false;
    int64_t high = parse_number(at);
    if (!accept(at, ';'))
        return false;
    type->target = stabs_parse_type(stabs, at, depth + 1);
    type->kind = TYPE_ARRAY;
    type->count = high >= low && high < INT64_MAX ? (uint64_t)(high - low) + 1 : 0;
    return type->target != NULL;
}

static bool parse_members(stabs_t *stabs, debug_type *type, const char **at, int depth)
{
    int64_t size = parse_number(at);
    size_t count = 0, capacity = 0;
    type_field *fields = NULL; /* grown outside of the blocks, then copied */
    bool ok = true;
    while (ok && **at && **at != ';') {
        if (count == capacity) {
            capacity = capacity ? capacity * 2 : 8;
            type_field *more = realloc(fields, capacity * sizeof *more);
            if (!more) {
                free(fields);
                return false;
            }
            fields = more;
        }
        type_field *field = &fields[count];
        field->name = parse_name(stabs, at);
        field->type = field->name ? stabs_parse_type(stabs, at, depth + 1) : NULL;
        ok = field->name && accept(at, ',');
        if (ok) {
            field->bit_offset = (uint64_t)parse_number(at);
            ok = accept(at, ',');
        }
        if (ok) {
            field->bit_size = (uint64_t)parse_number(at);
            ok = accept(at, ';');
        }
        if (ok && field->type)
            count++;
    }
    type_field *kept = ok && count ? stabs_allocate(stabs, count * sizeof *kept) : NULL;
    if (kept) {
        memcpy(kept, fields, count * sizeof *kept);
        type->fields = kept;
        type->count = count;
    }
    free(fields);
    if (size < 0) /* declared, not defined */
        type->kind = TYPE_UNKNOWN;
    else
        type->size = (uint64_t)size;
    return ok && accept(at, ';');
}

static bool parse_enumerators(stabs_t *stabs, debug_type *type, const char **at)
{
    size_t capacity = 0;
    for (const char *p = *at; *p && *p != ';'; p++)
        capacity += *p == ':';
    type_enumerator *list = stabs_allocate(stabs, (capacity + 1) * sizeof *list);
    if (!list)
        return false;
    size_t count = 0;
    type->size = 4;
    while (**at && **at != ';' && count < capacity) {
        const char *name = parse_name(stabs, at);
        if (!name)
            return false;
        int64_t value = (int64_t)strtoll(*at, (char **)at, 10);
        if (value != (int32_t)value)
            type->size = 8;
        list[count++] = (type_enumerator){name, value};
        if (!accept(at, ','))
            return false;
    }
    type->enumerators = list;
    type->count = count;
    return accept(at, ';');
}

static bool define(stabs_t *stabs, debug_type *type, const char **at, int depth)
{
    char kind = **at;
    if (kind >= '0' && kind <= '9') {
        const debug_type *target = stabs_parse_type(stabs, at, depth + 1);
        if (target == type) { /* void:t27=27 */
            type->kind = TYPE_VOID;
            return true;
        }
        type->kind = TYPE_ALIAS;
        type->target = target;
        return target != NULL;
    }
    if (kind)
        ++*at;
    switch (kind) {
    case '*':
    case 'f':
        type->kind = kind == '*' ? TYPE_POINTER : TYPE_FUNCTION;
        type->size = kind == '*' ? sizeof(void *) : 0;
        type->target = stabs_parse_type(stabs, at, depth + 1);
        return type->target != NULL;
    case 'a':
        return parse_array(stabs, type, at, depth);
    case 'r':
        return parse_range(type, at);
    case 's':
    case 'u':
        type->kind = kind == 's' ? TYPE_STRUCT : TYPE_UNION;
        return parse_members(stabs, type, at, depth);
    case 'e':
        type->kind = TYPE_ENUM;
        return parse_enumerators(stabs, type, at);
    }
    return false;
}

static bool is_basic(const debug_type *type)
{
    for (size_t i = 0; i < sizeof basic_types / sizeof *basic_types; i++) {
        if (type == &basic_types[i].type)
            return true;
    }
    return false;
}

const debug_type *stabs_parse_type(stabs_t *stabs, const char **at, int depth)
{
    if (depth > MAX_DEPTH || **at < '0' || **at > '9')
        return NULL;
    char *end;
    debug_type *type = numbered(stabs, strtol(*at, &end, 10));
    *at = end;
    if (!type)
        return NULL;
    if (!accept(at, '='))
        return type;
    if (is_basic(type)) /* nobody redefines those */
        return NULL;
    if (!define(stabs, type, at, depth)) {
        *type = unknown_type;
        return NULL;
    }
    return type;
}

bool stabs_basic_type(stabs_t *stabs, const char *name, size_t length, const char *number)
{
    for (size_t i = 0; i < sizeof basic_types / sizeof *basic_types; i++) {
        if (strncmp(basic_types[i].name, name, length) != 0 || basic_types[i].name[length])
            continue;
        long index = strtol(number, NULL, 10);
        if (!reserve(stabs, index) || stabs->types[index])
            return false;
        /* One for all units; never written, since is_basic() is asked first. */
        stabs->types[index] = (debug_type *)&basic_types[i].type;
        return true;
    }
    return false;
}

void stabs_name_type(const debug_type *type, const char *name)
{
    if (type && !*type->name && !is_basic(type))
        ((debug_type *)type)->name = name;
}
