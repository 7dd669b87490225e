#include "macro.h"

#include <stdint.h>
#include <string.h>

enum { MACRO_DEPTH = 64, MACRO_TOKENS = 100000, MACRO_PARAMETERS = 128, MACRO_BYTES = 16 /* a step */ };

typedef struct macro {
    const char *text; /* as in its name: identifies it */
    bool valid, function_like, variadic, uneven;
    bool generic; /* has a _Generic, which the compilers know best */
    size_t parameter_count;
    const token *body, *body_end;
    const int *parameters; /* for each token of the body: which parameter it is, or -1 */
} macro;

/* The macros that were read, by the address of their text. */
struct macro_memory {
    macro **slots;
    size_t size, count; /* a power of two */
    size_t work;        /* steps that are left: one a token that is looked at or made */
    bool spent;
};

/* Names that must not be expanded again, innermost first. */
typedef struct busy {
    const name *name;
    const struct busy *outer;
} busy;

typedef struct vector {
    token *list;
    size_t count, capacity;
} vector;

typedef struct expansion {
    pool *pool;
    const names *names;
    struct macro_memory *memory;
    int line;
    size_t budget; /* tokens that may still be made */
    bool failed;
} expansion;

/* An argument: its tokens as written. */
typedef struct argument {
    const token *first, *end;
} argument;

void macro_directive(names *names, const token *directive)
{
    char word[16];
    directive_word(directive, word, sizeof word);
    bool define = strcmp(word, "define") == 0;
    if (!define && strcmp(word, "undef") != 0)
        return;
    size_t length;
    const char *rest = directive_rest(directive, &length);
    tokens list = scan(names->pool, rest, length, false);
    if (list.count == 0 || list.list[0].kind != TOKEN_NAME)
        return;
    const token *first = &list.list[0];
    name *entry = names_set(names, SPACE_MACRO, first->text, first->length,
                            define ? NAME_MACRO : NAME_UNKNOWN);
    entry->macro = rest;
    entry->macro_length = length;
}

static struct macro_memory *memory_of(pool *pool)
{
    if (!pool->macros) {
        pool->macros = pool_alloc(pool, sizeof *pool->macros);
        pool->macros->work = MACRO_WORK;
    }
    return pool->macros;
}

void macro_allow(pool *pool, size_t work)
{
    memory_of(pool)->work = work;
    memory_of(pool)->spent = false;
}

bool macro_is_spent(pool *pool)
{
    return memory_of(pool)->spent;
}

size_t macro_left(pool *pool)
{
    return memory_of(pool)->work;
}

bool macro_spend(pool *pool, size_t steps)
{
    struct macro_memory *memory = memory_of(pool);
    memory->spent |= memory->work < steps;
    memory->work -= memory->work < steps ? memory->work : steps;
    return !memory->spent;
}

/* --- Definitions ---------------------------------------------------------------------------- */

static bool read_parameters(macro *macro, const token **at, const token **list)
{
    const token *t = *at + 1;
    if (token_is(t, ")")) {
        *at = t + 1;
        return true;
    }
    for (;; t++) {
        if (token_is(t, "...")) {
            macro->variadic = true;
            t++;
            break;
        }
        if (t->kind != TOKEN_NAME || macro->parameter_count == MACRO_PARAMETERS)
            return false;
        list[macro->parameter_count++] = t++;
        if (token_is(t, "...")) { /* GNU: name... */
            macro->variadic = true;
            macro->parameter_count--;
            t++;
            break;
        }
        if (!token_is(t, ","))
            break;
    }
    *at = t + 1;
    return token_is(t, ")");
}

static int parameter_index(const macro *macro, const token *const *parameters, const token *t)
{
    if (t->kind != TOKEN_NAME || !macro->function_like)
        return -1;
    for (size_t i = 0; i < macro->parameter_count; i++)
        if (token_same(parameters[i], t))
            return (int)i;
    if (macro->variadic && token_is(t, "__VA_ARGS__"))
        return (int)macro->parameter_count;
    return -1;
}

static bool is_uneven(const tokens *list)
{
    int depth = 0;
    for (size_t i = 0; i < list->count && depth >= 0; i++) {
        const token *t = &list->list[i];
        if (t->kind == TOKEN_PUNCTUATOR && t->length == 1)
            depth += strchr("([{", *t->text) ? 1 : strchr(")]}", *t->text) ? -1 : 0;
    }
    return depth != 0;
}

static bool read_macro(pool *pool, const name *entry, macro *macro)
{
    const token *parameters[MACRO_PARAMETERS];
    tokens list = scan(pool, entry->macro, entry->macro_length, false);
    if (list.count == 0)
        return false;
    macro->uneven = is_uneven(&list);
    const token *at = &list.list[1];
    if (token_is(at, "(") && !at->spaced) {
        macro->function_like = true;
        if (!read_parameters(macro, &at, parameters))
            return false;
    }
    macro->body = at;
    macro->body_end = &list.list[list.count];
    size_t count = (size_t)(macro->body_end - at);
    int *indexes = pool_alloc(pool, (count + 1) * sizeof *indexes);
    for (size_t i = 0; i < count; i++) {
        indexes[i] = parameter_index(macro, parameters, &at[i]);
        macro->generic |= token_is(&at[i], "_Generic");
    }
    indexes[count] = -1;
    macro->parameters = indexes;
    return true;
}

static macro **find_slot(const struct macro_memory *memory, const char *text)
{
    size_t at = ((uintptr_t)text >> 1) * 0x9E3779B97F4A7C15u >> 20;
    while (memory->slots[at & (memory->size - 1)] &&
           memory->slots[at & (memory->size - 1)]->text != text)
        at++;
    return &memory->slots[at & (memory->size - 1)];
}

static void enlarge(pool *pool, struct macro_memory *memory)
{
    struct macro_memory old = *memory;
    memory->size = old.size ? old.size * 2 : 64;
    memory->slots = pool_alloc(pool, memory->size * sizeof *memory->slots);
    for (size_t i = 0; i < old.size; i++)
        if (old.slots[i])
            *find_slot(memory, old.slots[i]->text) = old.slots[i];
}

/* The macro, read once a request; NULL if it is none that can be expanded. */
static const macro *get_macro(pool *pool, const name *entry)
{
    struct macro_memory *memory = memory_of(pool);
    if (memory->count * 2 >= memory->size)
        enlarge(pool, memory);
    macro **slot = find_slot(memory, entry->macro);
    if (!*slot) {
        macro *macro = pool_alloc(pool, sizeof *macro);
        macro->text = entry->macro;
        macro->valid = entry->macro && read_macro(pool, entry, macro);
        *slot = macro;
        memory->count++;
    }
    return (*slot)->valid ? *slot : NULL;
}

bool macro_is_uneven(pool *pool, const name *entry)
{
    const macro *macro = get_macro(pool, entry);
    return macro && macro->uneven;
}

bool macro_is_object(pool *pool, const name *entry)
{
    const macro *macro = get_macro(pool, entry);
    return macro && !macro->function_like && macro->body + 1 < macro->body_end &&
           token_is(macro->body, "(") && token_is(macro->body + 1, "*");
}

/* --- Calls ---------------------------------------------------------------------------------- */

/* One more step; false when there were too many. */
static bool step(expansion *e)
{
    if (e->memory->work == 0)
        e->failed = e->memory->spent = true;
    else
        e->memory->work--;
    return !e->failed;
}

/* So many bytes of text are to be made: macros can double a text, as they can a list of tokens. */
static bool step_text(expansion *e, size_t length)
{
    e->failed |= !macro_spend(e->pool, length / MACRO_BYTES);
    return !e->failed;
}

static void push(expansion *e, vector *out, token t)
{
    if (e->budget == 0)
        e->failed = true;
    if (!step(e))
        return;
    e->budget--;
    t.expanded = true;
    t.line = e->line;
    *POOL_PUSH(e->pool, out->list, out->count, out->capacity) = t;
}

/* Read `( arguments )` at *AT. False if it is not complete. */
static bool read_arguments(expansion *e, const macro *macro, const token **at, const token *end,
                           argument **arguments, size_t *count)
{
    size_t capacity = 0;
    int depth = 0;
    const token *first = *at + 1;
    *arguments = NULL;
    *count = 0;
    for (const token *t = *at; t < end; t++) {
        if (t->kind == TOKEN_DIRECTIVE || !step(e))
            return false;
        if (token_is(t, "("))
            depth++;
        bool closes = token_is(t, ")") && --depth == 0;
        bool rest = macro->variadic && *count >= macro->parameter_count;
        if (closes || (depth == 1 && token_is(t, ",") && !rest)) {
            *POOL_PUSH(e->pool, *arguments, *count, capacity) = (argument){first, t};
            first = t + 1;
        }
        if (closes) {
            *at = t + 1;
            return true;
        }
    }
    return false;
}

/* `#parameter`. */
static token stringify(expansion *e, const argument *argument)
{
    text out = {.pool = e->pool};
    text_puts(&out, "\"");
    for (const token *t = argument->first; t < argument->end && step_text(e, t->length); t++) {
        if (t > argument->first && t->spaced)
            text_puts(&out, " ");
        for (size_t i = 0; i < t->length; i++) {
            bool quoted = t->kind == TOKEN_STRING || t->kind == TOKEN_CHARACTER;
            if (quoted && (t->text[i] == '"' || t->text[i] == '\\'))
                text_puts(&out, "\\");
            text_add(&out, &t->text[i], 1);
        }
    }
    text_puts(&out, "\"");
    return (token){.kind = TOKEN_STRING, .text = out.data, .length = out.size};
}

/* Join the last token of OUT with T. */
static void paste(expansion *e, vector *out, const token *t)
{
    token *last = &out->list[out->count - 1];
    if (!step_text(e, last->length + t->length))
        return;
    char *joined = pool_alloc(e->pool, last->length + t->length + 1);
    memcpy(joined, last->text, last->length);
    memcpy(joined + last->length, t->text, t->length);
    tokens list = scan(e->pool, joined, last->length + t->length, false);
    if (list.count != 1) { /* not one token: the compiler will complain */
        push(e, out, *t);
        return;
    }
    token both = list.list[0];
    both.expanded = true;
    both.line = e->line;
    *last = both;
}

static void expand_list(expansion *e, const token *first, const token *end, const busy *busy,
                        int depth, vector *out);

static bool is_busy(const busy *busy, const name *entry)
{
    while (busy && busy->name != entry)
        busy = busy->outer;
    return busy != NULL;
}

static void substitute(expansion *e, const macro *macro, const argument *arguments, size_t count,
                       const busy *busy, int depth, vector *out)
{
    bool joining = false, vanished = false; /* vanished: what is to be joined was empty */
    for (const token *t = macro->body; t < macro->body_end && step(e); t++) {
        bool hash = macro->function_like && token_is(t, "#") && t + 1 < macro->body_end;
        int index = macro->parameters[t - macro->body + hash];
        if (token_is(t, "##")) {
            joining = out->count > 0 && !vanished;
            continue;
        }
        argument none = {NULL, NULL};
        const argument *argument =
            index >= 0 && (size_t)index < count ? &arguments[index] : &none;
        bool rest = joining && macro->variadic && index == (int)macro->parameter_count &&
                    token_is(&out->list[out->count - 1], ",");
        if (rest) { /* GNU: the comma goes with arguments that are left out */
            joining = false;
            out->count -= argument->first == argument->end;
        }
        size_t before = out->count;
        if (hash && index >= 0) {
            push(e, out, stringify(e, argument));
            t++;
        } else if (index >= 0) {
            bool raw = joining || (t + 1 < macro->body_end && token_is(t + 1, "##"));
            const token *from = argument->first;
            if (joining && from < argument->end)
                paste(e, out, from++);
            if (raw)
                for (; from < argument->end; from++)
                    push(e, out, *from);
            else
                expand_list(e, from, argument->end, busy, depth, out);
        } else if (joining) {
            paste(e, out, t);
        } else {
            push(e, out, *t);
        }
        if (out->count > before && out->list[before].text != t->text)
            out->list[before].spaced = t->spaced;
        vanished = out->count == before && !joining;
        joining = false;
    }
}

/* The macro that NAME calls here, where OUTER are busy; NULL if it is none. */
static const macro *called(const expansion *e, const token *name, const busy *outer,
                           const struct name **entry)
{
    *entry = name->final ? NULL : names_find_token(e->names, SPACE_MACRO, name);
    if (!*entry || is_busy(outer, *entry))
        return NULL;
    const macro *macro = get_macro(e->pool, *entry);
    return macro && macro->generic && !name_is_users(*entry) ? NULL : macro;
}

/* Expand the call of NAME into OUT. AFTER: the token behind it. Returns the token behind the call,
   or NULL if it is none. */
static const token *expand_call(expansion *e, const token *name, const token *after,
                                const token *end, const busy *outer, int depth, vector *out)
{
    const struct name *entry;
    const macro *macro = depth > MACRO_DEPTH ? NULL : called(e, name, outer, &entry);
    argument *arguments = NULL;
    size_t count = 0;
    if (!macro || (macro->function_like && (after >= end || !token_is(after, "("))))
        return NULL;
    if (macro->function_like && !read_arguments(e, macro, &after, end, &arguments, &count))
        return NULL;
    vector body = {0};
    substitute(e, macro, arguments, count, outer, depth + 1, &body);
    busy inner = {entry, outer};
    size_t before = out->count;
    expand_list(e, body.list, body.list + body.count, &inner, depth + 1, out);
    /* It may end in the name of a macro whose arguments follow: `#define f g`, `f(1)`. */
    if (out->count > before && after < end && token_is(after, "(") && !e->failed) {
        token last = out->list[--out->count];
        const token *further = expand_call(e, &last, after, end, outer, depth + 1, out);
        if (further)
            return further;
        out->count++; /* where it still stands: nothing has been put there */
    }
    return after;
}

static void expand_list(expansion *e, const token *first, const token *end, const busy *busy,
                        int depth, vector *out)
{
    for (const token *t = first; t < end && step(e);) {
        if (!step_text(e, t->length)) /* to look up a long name takes as long as to make it */
            return;
        if (depth == 0)
            e->line = t->line;
        const token *after = expand_call(e, t, t + 1, end, busy, depth, out);
        if (!after) {
            token as_written = *t;
            if (busy && !t->final)
                as_written.final = is_busy(busy, names_find_token(e->names, SPACE_MACRO, t));
            push(e, out, as_written);
            after = t + 1;
        }
        t = after;
    }
}

static void finish(expansion *e, vector *out)
{
    *POOL_PUSH(e->pool, out->list, out->count, out->capacity) =
        (token){.kind = TOKEN_END, .text = "", .line = e->line, .expanded = true};
    out->count--;
}

static expansion begin(pool *pool, const names *names, const token *first)
{
    return (expansion){.pool = pool, .names = names, .memory = memory_of(pool),
                       .line = first->line, .budget = MACRO_TOKENS};
}

const token *macro_expand(pool *pool, const names *names, const token *first, const token *end,
                          token **list, size_t *count)
{
    expansion e = begin(pool, names, first);
    vector out = {0};
    const token *after = expand_call(&e, first, first + 1, end, NULL, 0, &out);
    if (!after || e.failed)
        return NULL;
    finish(&e, &out);
    *list = out.list;
    *count = out.count;
    return after;
}

void macro_expand_all(pool *pool, const names *names, const token *first, const token *end,
                      token **list, size_t *count)
{
    expansion e = begin(pool, names, first);
    vector out = {0};
    expand_list(&e, first, end, NULL, 0, &out);
    if (e.failed) { /* better as written than a part */
        out = (vector){0};
        for (const token *t = first; t < end; t++)
            *POOL_PUSH(pool, out.list, out.count, out.capacity) = *t;
    }
    finish(&e, &out);
    *list = out.list;
    *count = out.count;
}
