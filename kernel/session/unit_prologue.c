/*
 * What a unit says before the cell's own code: declarations of headers and session, and the macros
 * in force. As a rule only what the cell's names reach: to read all of it takes the compiler longer
 * than all else that a short cell costs.
 */
#include "unit_internal.h"

#include <string.h>

typedef struct prologue {
    writer *w;
    const names *known; /* headers and session, as the cell leaves them */
    names entries; /* SPACE_MACRO: the session's macros, `item` their index */
    bool *items;   /* of the session, that are reached */
    bool *macros;
} prologue;

static const char support[] =
    "int __nb_poll(void);\n"
    "int __xt_ignore();\n"
    "void *__xt_copy(void *, const void *, unsigned long) __asm__(\"memcpy\");\n";

/* The headers were expanded for TinyCC. The system compiler has types of its own under some of
   their names; as a system header the text gives no warnings. */
static const char native_before[] =
    "#define _Float32 __xt_Float32\n#define _Float64 __xt_Float64\n"
    "#define _Float32x __xt_Float32x\n#define _Float64x __xt_Float64x\n"
    "#define __builtin_isnan __xt_isnan\n#define __builtin_isinf __xt_isinf\n"
    "#define __builtin_isinf_sign __xt_isinf_sign\n#define __builtin_isfinite __xt_isfinite\n"
    "#define __builtin_signbit __xt_signbit\n"
    "#define _GCC_MAX_ALIGN_T\n#define __CLANG_MAX_ALIGN_T_DEFINED\n# 1 \"<header>\" 3\n";
static const char native_after[] =
    "\n#undef _Float32\n#undef _Float64\n#undef _Float32x\n#undef _Float64x\n"
    "#undef __builtin_isnan\n#undef __builtin_isinf\n#undef __builtin_isinf_sign\n"
    "#undef __builtin_isfinite\n#undef __builtin_signbit\n# 1 \"session\"\n";

/* --- What the session has under a name ------------------------------------------------------ */

static void reach_item(prologue *p, reach *reach, const name *found)
{
    const past *past = &p->w->out->past;
    size_t count = p->w->plan->before->count; /* the cell's own are behind them */
    if (!found || found->item < 0 || (size_t)found->item >= count || p->items[found->item])
        return;
    p->items[found->item] = true;
    const char *text = past->list[found->item].text;
    reach_text(reach, text, strlen(text));
}

static void on_name(void *context, reach *reach, const token *t)
{
    prologue *p = context;
    reach_item(p, reach, names_find_token(p->known, SPACE_ORDINARY, t));
    reach_item(p, reach, names_find_token(p->known, SPACE_TAG, t));
    const name *macro = names_find_token(&p->entries, SPACE_MACRO, t);
    if (macro && !p->macros[macro->item]) {
        const char *text = p->w->plan->before->macros[macro->item].text;
        p->macros[macro->item] = true;
        reach_text(reach, text, strlen(text));
    }
}

/* --- Writing -------------------------------------------------------------------------------- */

/* Entries of the session. ALL: not only those that are reached. */
static void put_session(const prologue *p, bool all, text *out)
{
    const past *past = &p->w->out->past;
    bool types = p->w->plan->target == UNIT_TYPES;
    text_puts(out, "\n#line 1 \"session\"\n");
    for (size_t i = 0; i < p->w->plan->before->count; i++) {
        const entry *e = &past->list[i];
        bool beyond = e->native > (types ? NATIVE_CALLS : NATIVE_NOTHING);
        if (e->kind == ENTRY_DROPPED || beyond || !(all || p->items[i]))
            continue;
        text_puts(out, e->text);
        text_puts(out, "\n");
    }
    text_puts(out, support);
}

/* REACH NULL: all of them. */
static void put_session_macros(const prologue *p, const reach *reach, text *out)
{
    const past *before = p->w->plan->before, *past = &p->w->out->past;
    bool native = p->w->plan->target == UNIT_NATIVE;
    for (size_t i = 0; i < before->macro_count; i++) {
        const past_macro *macro = &before->macros[i];
        bool own_header = macro->native || (native && macro->header); /* which defines it there */
        if (own_header || (reach && !p->macros[i]))
            continue;
        text_format(out, "#undef %s\n", before->macros[i].name);
        if (*before->macros[i].text)
            text_format(out, "#define %s\n", before->macros[i].text);
    }
    for (size_t i = 0; i < past->taken_count; i++)
        if (past->taken[i].space == SPACE_MACRO &&
            (!reach || reach_has_macro(reach, past->taken[i].name)))
            text_format(out, "#undef %s\n", past->taken[i].name);
}

/* The headers' declarations, without the names that the user took. */
static void put_headers(const prologue *p, reach *reach, const taken *hidden, size_t count,
                        text *out)
{
    pool *pool = p->w->pool;
    text chosen = {.pool = pool};
    reach_put_declarations(reach, headers_default()->declarations, &chosen);
    text_puts(out, headers_without(pool, text_string(&chosen), chosen.size, hidden, count));
}

/* Leave out what can be left out; returns how many of the names must be HIDDEN instead. */
static size_t leave_out(const past *past, reach *reach, taken *hidden)
{
    size_t count = 0;
    for (size_t i = 0; i < past->taken_count; i++) {
        const taken *taken = &past->taken[i];
        bool plain = taken->space == SPACE_MACRO ||
                     (headers_taken_simply(taken) && reach_leave_out(reach, taken->name));
        if (!plain)
            hidden[count++] = *taken;
    }
    return count;
}

static prologue begin(writer *w)
{
    const past *before = w->plan->before;
    prologue p = {.w = w, .known = w->plan->past_names, .entries = {.pool = w->pool}};
    p.items = pool_alloc(w->pool, before->count + 1);
    p.macros = pool_alloc(w->pool, before->macro_count + 1);
    for (size_t i = 0; i < before->macro_count; i++)
        names_set(&p.entries, SPACE_MACRO, before->macros[i].name, strlen(before->macros[i].name),
                  NAME_MACRO)->item = (int)i;
    if (w->out->past.renamed != before->renamed) { /* older declarations have new names */
        names *names = pool_alloc(w->pool, sizeof *names);
        *names = (struct names){.below = &headers_default()->names, .pool = w->pool};
        past_enter(&w->out->past, names);
        p.known = names;
    }
    return p;
}

bool unit_reaches_tables(writer *w)
{
    const headers *h = headers_default();
    const unit_plan *plan = w->plan;
    prologue p = begin(w);
    reach *reach = reach_begin(w->pool, h->reach, on_name, &p);
    for (size_t i = 0; i < plan->include_count; i++)
        reach_text(reach, plan->includes[i].text.declarations,
                   strlen(plan->includes[i].text.declarations));
    for (size_t i = 0; i < plan->items->count; i++) {
        const item *item = &plan->items->list[i];
        reach_tokens(reach, &item->tokens.list[item->first], &item->tokens.list[item->end]);
    }
    bool any = reach_pastes(reach);
    for (size_t i = 0; i < h->table_count; i++)
        any |= reach_has(reach, h->tables[i].name);
    return any;
}

/* Returns whether the choice is sure to hold all that the unit needs. */
static bool put_reached(prologue *p, const char *rest, text *out)
{
    pool *pool = p->w->pool;
    const past *past = &p->w->out->past;
    reach *reach = reach_begin(pool, headers_default()->reach, on_name, p);
    taken *hidden = pool_alloc(pool, (past->taken_count + 1) * sizeof *hidden);
    size_t hidden_count = leave_out(past, reach, hidden);
    for (size_t i = 0; i < p->w->plan->before->count; i++)
        if (past->list[i].kind == ENTRY_PRAGMA ||
            (past->list[i].kind == ENTRY_INCLUDE && past->list[i].native == NATIVE_NOTHING)) {
            p->items[i] = true;
            reach_text(reach, past->list[i].text, strlen(past->list[i].text));
        }
    reach_text(reach, rest, strlen(rest));
    reach_text(reach, support, strlen(support));
    if (reach_pastes(reach))
        return false;
    put_headers(p, reach, hidden, hidden_count, out);
    put_session(p, false, out);
    reach_put_macros(reach, out);
    put_session_macros(p, reach, out);
    return true;
}

static void put_all(const prologue *p, text *out)
{
    const past *past = &p->w->out->past;
    text_puts(out, headers_default_without(p->w->pool, past->taken, past->taken_count));
    put_session(p, true, out);
    text_puts(out, headers_default()->macros);
    put_session_macros(p, NULL, out);
}

/* --- For the system compiler ---------------------------------------------------------------- */

static void put_native_macros(const prologue *p, text *out)
{
    const past *past = &p->w->out->past;
    text_puts(out, "# 1 \"<header>\" 3\n");
    text_puts(out, headers_default()->macros);
    text_puts(out, "# 1 \"session\"\n");
    for (size_t i = 0; i < past->taken_count; i++)
        if (past->taken[i].space == SPACE_MACRO)
            text_format(out, "#undef %s\n", past->taken[i].name);
}

void unit_native_include(text *out, const char *directive)
{
    /* It asks what <features.h> told TinyCC of the compiler; and types that are only other names of
       float and double are none for it. */
    static const char before[] =
        "# 1 \"<header>\" 3\n"
        "#undef __GNUC_PREREQ\n#define __GNUC_PREREQ(major, minor) 1\n"
        "#undef __HAVE_FLOAT32\n#define __HAVE_FLOAT32 0\n"
        "#undef __HAVE_FLOAT64\n#define __HAVE_FLOAT64 0\n"
        "#undef __HAVE_FLOAT32X\n#define __HAVE_FLOAT32X 0\n"
        "#undef __HAVE_FLOAT64X\n#define __HAVE_FLOAT64X 0\n# 1 \"session\"\n";
    static const char after[] =
        "\n# 1 \"<header>\" 3\n"
        "#undef __GNUC_PREREQ\n#define __GNUC_PREREQ(major, minor) 0\n# 1 \"session\"\n";
    bool generic = strstr(directive, "<tgmath.h>") != NULL;
    if (generic)
        text_puts(out, before);
    text_puts(out, directive);
    if (generic)
        text_puts(out, after);
}

/* A header of the session, without the macros that the user has put away since. */
static void put_native_header(const prologue *p, const char *directive, text *out)
{
    const past *before = p->w->plan->before;
    unit_native_include(out, directive);
    for (size_t i = 0; i < before->macro_count; i++)
        if (!*before->macros[i].text)
            text_format(out, "\n#undef %s", before->macros[i].name);
}

static void put_native(const prologue *p, text *out)
{
    const past *past = &p->w->out->past;
    bool guarded = false;
    text_puts(out, native_before);
    text_puts(out, headers_default_without(p->w->pool, past->taken, past->taken_count));
    text_puts(out, native_after);
    for (size_t i = 0; i < p->w->plan->before->count; i++) {
        const entry *e = &past->list[i];
        if (e->kind == ENTRY_DROPPED)
            continue;
        if (e->kind == ENTRY_INCLUDE && !guarded) {
            /* It must not read again what is there already. */
            put_native_macros(p, out);
            guarded = true;
        }
        if (e->kind == ENTRY_INCLUDE)
            put_native_header(p, e->source, out);
        else
            text_puts(out, e->text);
        text_puts(out, "\n");
    }
    text_puts(out, support);
    if (!guarded)
        put_native_macros(p, out);
    put_session_macros(p, NULL, out);
}

void unit_prologue(writer *w, const char *rest, text *out)
{
    prologue p = begin(w);
    if (w->plan->target == UNIT_NATIVE)
        put_native(&p, out);
    else if (w->plan->whole || !put_reached(&p, rest, out))
        put_all(&p, out);
}
