/* Words that do not go together in one type, and words of the language in a name's place. */
#include "check.h"

#include "declare.h"
#include "macro.h"

#include <stdlib.h>

enum word {
    VOID = 1, CHAR = 2, SHORT = 4, INT = 8, LONG = 16, FLOAT = 32, DOUBLE = 64, SIGNED = 128,
    UNSIGNED = 256, BOOL = 512, COMPLEX = 1024, WIDE_INTEGER = 2048,
    NAMED = 4096, /* a type by its name: `struct s`, a typedef name, typeof */
    ANY_INTEGER = CHAR | SHORT | INT | LONG | WIDE_INTEGER
};

static const struct {
    const char *text;
    int word, with; /* what it goes together with */
} words[] = {
    {"void", VOID, 0},
    {"char", CHAR, SIGNED | UNSIGNED | COMPLEX},
    {"short", SHORT, INT | SIGNED | UNSIGNED | COMPLEX},
    {"int", INT, SHORT | LONG | SIGNED | UNSIGNED | COMPLEX},
    {"long", LONG, INT | DOUBLE | SIGNED | UNSIGNED | COMPLEX},
    {"float", FLOAT, COMPLEX},
    {"double", DOUBLE, LONG | COMPLEX},
    {"signed", SIGNED, ANY_INTEGER | COMPLEX},
    {"__signed__", SIGNED, ANY_INTEGER | COMPLEX},
    {"__signed", SIGNED, ANY_INTEGER | COMPLEX},
    {"unsigned", UNSIGNED, ANY_INTEGER | COMPLEX},
    {"_Bool", BOOL, 0},
    {"bool", BOOL, 0},
    {"_Complex", COMPLEX, ANY_INTEGER | FLOAT | DOUBLE | SIGNED | UNSIGNED},
    {"__complex__", COMPLEX, ANY_INTEGER | FLOAT | DOUBLE | SIGNED | UNSIGNED},
    {"__int128", WIDE_INTEGER, SIGNED | UNSIGNED},
    {"__auto_type", NAMED, 0},
};

static bool is_one_of(const token *t, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (token_is(t, list[i]))
            return true;
    return false;
}

#define IS_ONE_OF(t, list) is_one_of((t), (list), sizeof(list) / sizeof *(list))

static const char *const storage_words[] = {"typedef", "extern", "static", "auto", "register",
                                            "_Thread_local", "__thread"};
static const char *const restrict_words[] = {"restrict", "__restrict", "__restrict__"};
static const char *const argument_words[] = {"__attribute__", "__attribute", "_Alignas", "_Atomic",
                                             "typeof", "__typeof__", "__typeof", "_BitInt"};
static const char *const type_of_words[] = {"typeof", "__typeof__", "__typeof"};

/* Specifiers that stand one behind another. */
typedef struct run {
    const check_code *code;
    size_t first, end;
    const token *types[4]; /* words of the type: the first of each kind, at most so many */
    int kinds[4];
    size_t count;
    int longs;
    bool aligns; /* more than one _Alignas: the strictest holds */
    const token *storage, *restricts, *align, *type_name;
    size_t align_at, body; /* `(` of _Alignas; `}` of a type with its members */
    refusal found;
} run;

static void refuse(run *r, const token *t, const char *reason)
{
    if (!r->found.reason)
        r->found = (refusal){reason, t};
}

static void doubt(run *r, const token *t, const char *reason)
{
    if (!r->code->doubt->reason)
        *r->code->doubt = (refusal){reason, t};
}

static const char *text_of(const run *r, size_t i)
{
    const token *t = r->types[i];
    if (is_tag_keyword(t) && t[1].kind == TOKEN_NAME)
        return pool_format(r->code->scope->pool, "%.*s %.*s", (int)t->length, t->text,
                           (int)t[1].length, t[1].text);
    return pool_copy(r->code->scope->pool, t->text, t->length);
}

/* Another word of the type. */
static void add_type(run *r, const token *t, int kind, int with)
{
    pool *pool = r->code->scope->pool;
    if (r->count == sizeof r->types / sizeof *r->types)
        return;
    size_t at = r->count++;
    r->types[at] = t;
    r->kinds[at] = kind;
    r->longs += kind == LONG;
    for (size_t i = 0; i < at; i++) {
        const char *old = text_of(r, i), *new = text_of(r, at);
        if (kind == r->kinds[i] && kind != NAMED && !(kind == LONG && r->longs <= 2))
            refuse(r, t, pool_format(pool, "'%s' stands %s in one type", new,
                                     kind == LONG ? "three times" : "twice"));
        else if (kind == r->kinds[i] && kind != NAMED)
            continue;
        else if ((kind == NAMED || r->kinds[i] == NAMED) && r->body)
            refuse(r, t, pool_format(pool, "'%s' and '%s' are two types; a ';' is missing behind "
                                           "the '}' of '%s'", old, new, old));
        else if (kind == NAMED || r->kinds[i] == NAMED)
            refuse(r, t, pool_format(pool, "'%s' and '%s' are two types, and one is needed", old,
                                     new));
        else if (!(r->kinds[i] & with))
            refuse(r, t, pool_format(pool, "'%s' and '%s' do not go together in one type", old,
                                     new));
    }
    for (size_t i = 0; i <= at && r->longs == 2; i++)
        if (r->kinds[i] == DOUBLE)
            refuse(r, t, "'long long' and 'double' do not go together in one type");
}

static void add_storage(run *r, const token *t)
{
    const token *old = r->storage;
    bool threads = token_is(t, "_Thread_local") || token_is(t, "__thread") ||
                   (old && (token_is(old, "_Thread_local") || token_is(old, "__thread")));
    if (old && token_same(old, t))
        refuse(r, t, pool_format(r->code->scope->pool, "'%.*s' stands twice", (int)t->length,
                                 t->text));
    else if (old && !threads)
        refuse(r, t, pool_format(r->code->scope->pool, "'%.*s' and '%.*s' do not go together",
                                 (int)old->length, old->text, (int)t->length, t->text));
    r->storage = t;
}

static const token *token_at(const run *r, size_t at)
{
    return &r->code->tokens.list[at];
}

/* Behind the brackets at AT, or behind AT if there are none. */
static size_t behind(const run *r, size_t at)
{
    size_t close = r->code->partner[at];
    return close > at ? close + 1 : at + 1;
}

static size_t add_tag(run *r, size_t at)
{
    add_type(r, token_at(r, at), NAMED, 0);
    at++;
    while (token_is(token_at(r, at), "__attribute__") || token_is(token_at(r, at), "__attribute"))
        at = token_is(token_at(r, at + 1), "(") ? behind(r, at + 1) : at + 1;
    if (token_at(r, at)->kind == TOKEN_NAME && !is_keyword(token_at(r, at)))
        at++;
    if (!token_is(token_at(r, at), "{"))
        return at;
    at = behind(r, at);
    r->body = at - 1;
    return at;
}

/* The word at AT. Returns where the next one may stand, AT if this is none. */
static size_t add_word(run *r, size_t at)
{
    const token *t = token_at(r, at);
    if (is_tag_keyword(t))
        return add_tag(r, at);
    const name *macro = names_find_token(r->code->scope->names, SPACE_MACRO, t);
    bool bool_macro = token_is(t, "bool") && macro && !name_is_users(macro);
    if (is_specifier_keyword(t) || bool_macro) {
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (*t->text == *words[i].text && token_is(t, words[i].text))
                add_type(r, t, words[i].word, words[i].with);
        if (IS_ONE_OF(t, storage_words))
            add_storage(r, t);
        else if (IS_ONE_OF(t, restrict_words))
            r->restricts = t;
        else if (IS_ONE_OF(t, type_of_words) || token_is(t, "__builtin_va_list"))
            add_type(r, t, NAMED, 0);
        if (!IS_ONE_OF(t, argument_words) || !token_is(token_at(r, at + 1), "("))
            return at + 1;
        if (token_is(t, "_Alignas")) {
            r->aligns = r->align != NULL;
            r->align = r->align ? r->align : t;
            r->align_at = at + 1;
        }
        return behind(r, at + 1);
    }
    bool type = t->kind == TOKEN_NAME && !macro && is_type_name(r->code->scope->names, t);
    const token *next = token_at(r, at + 1);
    bool more = next->kind == TOKEN_NAME && !is_keyword(next) &&
                !names_find_token(r->code->scope->names, SPACE_MACRO, next);
    if (!type || (r->count > 0 && !more)) /* else it is the name that is declared */
        return at;
    add_type(r, t, NAMED, 0);
    r->type_name = t;
    return at + 1;
}

/* --- What the whole run means ---------------------------------------------------------------- */

/* Whether a typedef name stands for a type that is certainly no pointer. */
static bool is_no_pointer(const type_scope *scope, const token *name)
{
    type_found found;
    if (!type_find(scope, name, SPACE_ORDINARY, &found))
        return false;
    const declaration *d = found.declaration;
    for (size_t i = 0; i < d->count; i++)
        if (d->list[i].name != DECLARE_NONE &&
            token_same(&found.tokens->list[d->list[i].name], name))
            return d->type_name == DECLARE_NONE && d->list[i].first == d->list[i].name &&
                   d->list[i].end == d->list[i].name + 1;
    return false;
}

static void check_restrict(run *r)
{
    bool plain = r->count > 0 && !r->type_name;
    for (size_t i = 0; i < r->count; i++)
        plain &= !IS_ONE_OF(r->types[i], type_of_words);
    if (r->restricts && (plain || (r->type_name && is_no_pointer(r->code->scope, r->type_name))))
        refuse(r, r->restricts, "'restrict' is for pointers: it stands behind the '*', as in "
                                "'int *restrict p'");
}

/* The alignment that the words of a type give; 0: it cannot be told. */
static int natural_alignment(int kinds, int longs)
{
    if (!kinds || kinds & (NAMED | VOID | COMPLEX | WIDE_INTEGER))
        return 0;
    if (kinds & DOUBLE)
        return longs ? 16 : 8;
    return longs ? 8 : kinds & SHORT ? 2 : kinds & (CHAR | BOOL) ? 1 : 4;
}

/* `_Alignas(2) int x;` is ignored. */
static void check_alignment(run *r)
{
    int kinds = 0, wanted_kinds = 0, wanted_longs = 0, wanted = 0;
    size_t close = r->align ? r->code->partner[r->align_at] : 0;
    for (size_t i = 0; i < r->count; i++)
        kinds |= r->kinds[i];
    for (size_t i = r->align_at + 1; i < close; i++) {
        const token *t = token_at(r, i);
        bool known = false;
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            if (token_is(t, words[k].text)) {
                wanted_kinds |= words[k].word;
                wanted_longs += words[k].word == LONG;
                known = true;
            }
        if (t->kind == TOKEN_NUMBER && close == r->align_at + 2)
            wanted = (int)strtol(pool_copy(r->code->scope->pool, t->text, t->length), NULL, 0);
        else if (!known)
            return;
    }
    if (wanted_kinds)
        wanted = natural_alignment(wanted_kinds, wanted_longs);
    bool plain = !r->aligns && !token_is(token_at(r, r->end), "*") &&
                 !token_is(token_at(r, r->end), "(");
    int natural = natural_alignment(kinds, r->longs);
    if (plain && wanted > 0 && wanted < natural)
        refuse(r, r->align, pool_format(r->code->scope->pool, "'_Alignas' cannot give less than "
                                                              "the type has, which is %d", natural));
}

static void check_storage(run *r)
{
    const token *before = r->first ? token_at(r, r->first - 1) : NULL;
    bool inside = before && (token_is(before, "(") || token_is(before, ","));
    if (inside && token_is(before, "("))
        inside = r->first < 2 || !token_is(before - 1, "for");
    if (inside && r->storage && r->count > 0 && !token_is(r->storage, "register"))
        refuse(r, r->storage, pool_format(r->code->scope->pool, "'%.*s' is not for parameters",
                                          (int)r->storage->length, r->storage->text));
    if (r->align && r->storage && token_is(r->storage, "typedef"))
        refuse(r, r->align, "'_Alignas' is for objects, not for the names of types");
    else if (r->align && r->storage && token_is(r->storage, "register"))
        refuse(r, r->align, "'_Alignas' does not go together with 'register'");
    else if (r->align && inside)
        refuse(r, r->align, "'_Alignas' is not for parameters");
}

static const char *not_a_name(pool *pool, const token *t)
{
    return pool_format(pool, "'%.*s' is a word of the language and cannot be a name",
                       (int)t->length, t->text);
}

/* `int if = 3;`: to TinyCC, words of the language are names, too. */
static void check_name(run *r)
{
    const token *next = token_at(r, r->end);
    bool label = token_is(next, "asm") || token_is(next, "__asm__") || token_is(next, "__asm");
    if (r->count > 0 && next->kind == TOKEN_NAME && is_keyword(next) && !label &&
        !is_specifier_keyword(next) && !token_is(next, "_Static_assert"))
        refuse(r, next, not_a_name(r->code->scope->pool, next));
}

/* `auto x = 1.5;`, `static n;` */
static void find_untyped(run *r)
{
    const token *first = token_at(r, r->first), *name = token_at(r, r->end), *after = name + 1;
    bool says = IS_ONE_OF(first, storage_words) || token_is(first, "const") ||
                token_is(first, "volatile");
    if (r->count == 0 && says && name->kind == TOKEN_NAME && !is_keyword(name) &&
        !is_macro(r->code->scope->names, name) &&
        (token_is(after, "=") || token_is(after, ";") || token_is(after, ",") ||
         token_is(after, "[")))
        doubt(r, name, pool_format(r->code->scope->pool,
                                   "'%.*s' is declared without a type, and so an int",
                                   (int)name->length, name->text));
}

/* `int i = 3000000000;`, `char c = 200;`: a number that the type cannot hold. */
static void find_overflow(run *r)
{
    const token *name = token_at(r, r->end), *t = name + 2;
    int kinds = 0;
    for (size_t i = 0; i < r->count; i++)
        kinds |= r->kinds[i];
    bool integer = r->count && !(kinds & ~(CHAR | SHORT | INT | LONG | SIGNED | UNSIGNED));
    if (!integer || r->longs || name->kind != TOKEN_NAME || !token_is(name + 1, "="))
        return;
    bool minus = token_is(t, "-");
    t += minus;
    if (t->kind != TOKEN_NUMBER || !(token_is(t + 1, ";") || token_is(t + 1, ",")))
        return;
    const char *digits = pool_copy(r->code->scope->pool, t->text, t->length);
    char *end;
    unsigned long long value = strtoull(digits, &end, 0);
    unsigned long long all = kinds & CHAR ? 0xff : kinds & SHORT ? 0xffff : 0xffffffff;
    bool decimal = *digits != '0' && !strpbrk(end, "uU");
    if (strspn(end, "uUlL") != strlen(end))
        return; /* no integer */
    /* Of the same size, but unsigned: 0xffffffff is often meant. */
    unsigned long long most = kinds & UNSIGNED || (!decimal && all > 0xffff) ? all : all / 2;
    if (minus)
        most = kinds & UNSIGNED ? all : all / 2 + 1;
    if (value > most)
        doubt(r, t, pool_format(r->code->scope->pool, "%s%s is more than '%.*s' can hold",
                                minus ? "-" : "", digits, (int)name->length, name->text));
}

static bool begins(const check_code *code, size_t at)
{
    const token *t = &code->tokens.list[at];
    const token *before = at ? t - 1 : NULL;
    if (t->kind != TOKEN_NAME || (before && (token_is(before, "*") || token_is(before, "[") ||
                                             token_is(before, ".") || token_is(before, "->"))))
        return false;
    return is_specifier_keyword(t) ||
           (is_type_name(code->scope->names, t) && is_specifier_keyword(t + 1));
}

refusal check_specifiers(const check_code *code)
{
    for (size_t at = 0; at < code->tokens.count; at++) {
        const token *t = &code->tokens.list[at];
        bool attribute = token_is(t, "__attribute__") || token_is(t, "__attribute") ||
                         token_is(t, "asm") || token_is(t, "__asm__") || token_is(t, "__asm");
        if (attribute && token_is(t + 1, "(") && code->partner[at + 1] > at) {
            at = code->partner[at + 1];
            continue;
        }
        if (at && token_is(t - 1, "*") && is_statement_keyword(t))
            return (refusal){not_a_name(code->scope->pool, t), t};
        if (!begins(code, at))
            continue;
        run r = {.code = code, .first = at, .end = at};
        for (size_t next; r.end < code->tokens.count && (next = add_word(&r, r.end)) > r.end;)
            r.end = next;
        check_restrict(&r);
        check_storage(&r);
        check_alignment(&r);
        check_name(&r);
        find_untyped(&r);
        find_overflow(&r);
        if (r.found.reason)
            return r.found;
        /* Members and enumerators are code as any other. */
        size_t open = r.body ? code->partner[r.body] : 0;
        at = open > at ? open : r.end > at ? r.end - 1 : at;
    }
    return (refusal){0};
}
