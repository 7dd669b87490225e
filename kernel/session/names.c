#include "names.h"

#include <string.h>

static size_t hash(const char *text, size_t length)
{
    size_t value = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        value = (value ^ (unsigned char)text[i]) * 1099511628211u;
    return value ^ value >> 29;
}

static name *find_here(const names *names, name_space space, const char *text, size_t length,
                       size_t hashed)
{
    if (names->size[space] == 0)
        return NULL;
    name *entry = names->slots[space][hashed & (names->size[space] - 1)];
    while (entry && (entry->hash != hashed || entry->length != length ||
                     memcmp(entry->text, text, length) != 0))
        entry = entry->next;
    return entry;
}

const name *names_find(const names *names, name_space space, const char *text, size_t length)
{
    size_t hashed = hash(text, length);
    for (; names; names = names->below) {
        const name *entry = find_here(names, space, text, length, hashed);
        if (entry)
            return entry->kind == NAME_UNKNOWN ? NULL : entry;
    }
    return NULL;
}

const name *names_find_token(const names *names, name_space space, const token *token)
{
    if (token->kind != TOKEN_NAME)
        return NULL;
    return names_find(names, space, token->text, token->length);
}

static void enlarge(names *names, name_space space)
{
    size_t size = names->size[space] ? names->size[space] * 2 : 64;
    name **slots = pool_alloc(names->pool, size * sizeof *slots);
    for (size_t i = 0; i < names->size[space]; i++)
        for (name *entry = names->slots[space][i], *next; entry; entry = next) {
            next = entry->next;
            name **slot = &slots[entry->hash & (size - 1)];
            entry->next = *slot;
            *slot = entry;
        }
    names->slots[space] = slots;
    names->size[space] = size;
}

name *names_set(names *names, name_space space, const char *text, size_t length, name_kind kind)
{
    size_t hashed = hash(text, length);
    name *entry = find_here(names, space, text, length, hashed);
    if (!entry) {
        if (names->count[space] >= names->size[space])
            enlarge(names, space);
        names->count[space]++;
        entry = pool_alloc(names->pool, sizeof *entry);
        name **slot = &names->slots[space][hashed & (names->size[space] - 1)];
        entry->next = *slot;
        *slot = entry;
    }
    *entry = (name){.text = text, .length = length, .kind = kind, .item = -1, .place = "",
                    .hash = hashed, .next = entry->next};
    return entry;
}

bool name_is_users(const name *name)
{
    return !*name->place || strncmp(name->place, "In[", 3) == 0;
}

const char *name_header_place(pool *pool, const char *directive)
{
    const char *open = directive + strcspn(directive, "<\"");
    size_t length = *open ? strcspn(open + 1, ">\"") : 0;
    return length ? pool_copy(pool, open + 1, length) : "a header";
}

const char *name_kind_word(name_kind kind)
{
    switch (kind) {
    case NAME_TYPE: return "type";
    case NAME_FUNCTION: return "function";
    case NAME_OBJECT: return "variable";
    case NAME_CONSTANT: return "constant";
    case NAME_TAG: return "tag";
    case NAME_MACRO: return "macro";
    default: return "name";
    }
}

bool is_type_name(const names *names, const token *token)
{
    const name *entry = names_find_token(names, SPACE_ORDINARY, token);
    return entry && entry->kind == NAME_TYPE;
}

bool is_macro(const names *names, const token *token)
{
    return !token->final && names_find_token(names, SPACE_MACRO, token) != NULL;
}
