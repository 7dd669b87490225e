#include "mend.h"

#include "local.h"
#include "mend_text.h"
#include "refuse.h"
#include "refuse_variable.h"

#include <string.h>

/* --- H19: casts to unsigned short ------------------------------------------------------------ */

static bool begins_operand(const token *t)
{
    static const char *const marks[] = {"(", "-", "+", "~", "!", "*", "&", "++", "--"};
    if (t->kind == TOKEN_NUMBER || t->kind == TOKEN_CHARACTER)
        return true;
    if (t->kind == TOKEN_NAME)
        return !is_keyword(t) || token_is(t, "sizeof");
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (token_is(t, marks[i]))
            return true;
    return false;
}

/* Whether the parenthesis at AT begins a cast to unsigned short; *OPERAND: what follows it. */
static bool is_cast(const type_scope *scope, const tokens *tokens, size_t at, size_t *operand)
{
    static const char *const type[] = {"unsigned", "short", NULL};
    static const char *const no_cast[] = {"sizeof", "_Alignof", "__alignof__", "typeof",
                                          "__typeof__", "__typeof", "_Atomic", "_Alignas"};
    enum { WORDS = 5 };
    if (!token_is(&tokens->list[at], "("))
        return false;
    size_t close = at + 1;
    while (close < tokens->count && close - at <= WORDS &&
           tokens->list[close].kind == TOKEN_NAME)
        close++;
    if (close == at + 1 || !token_is(&tokens->list[close], ")"))
        return false;
    for (size_t i = 0; at > 0 && i < sizeof no_cast / sizeof *no_cast; i++)
        if (token_is(&tokens->list[at - 1], no_cast[i]))
            return false;
    *operand = close + 1;
    return type_is_made_of(scope, &tokens->list[at + 1], &tokens->list[close], type);
}

/* LAST: the tokens are a macro's, which may go on where it is used. */
static bool mend_casts(const type_scope *scope, const tokens *tokens, size_t first, size_t end,
                       bool last)
{
    bool any = false;
    for (size_t at = first; at < end; at++) {
        size_t operand;
        if (!is_cast(scope, tokens, at, &operand))
            continue;
        token *t = &tokens->list[operand < end ? operand : end - 1];
        if (operand < end && begins_operand(t))
            t->code = pool_format(scope->pool, "(int)%.*s", (int)t->length, t->text);
        else if (operand == end && last)
            t->code = ")(int)";
        else
            continue;
        any = true;
    }
    return any;
}

/* --- H4: sizes of parameters ----------------------------------------------------------------- */

static void mend_parameters(const type_scope *scope, const item *item)
{
    const declaration *d = item->declaration;
    const tokens *tokens = &item->tokens;
    for (size_t i = 0; i < d->count; i++) {
        const declarator *one = &d->list[i];
        for (size_t k = one->parameters + 1; one->is_function && k + 1 < one->parameters_end; k++) {
            const token *name = &tokens->list[k - 1];
            bool attribute = token_is(name, "[") || token_is(&tokens->list[k + 1], "[");
            if (!token_is(&tokens->list[k], "[") || token_is(name, "]") || token_is(name, ")") ||
                attribute)
                continue;
            size_t close = tokens_close(tokens, k, NULL) - 1;
            if (close > k && !refuse_effects(tokens, k) &&
                refuse_variable_size(scope->pool, scope->names, &tokens->list[k + 1],
                                                  &tokens->list[close]))
                for (size_t j = k + 1; j < close; j++)
                    tokens->list[j].code = "";
            k = close;
        }
    }
}

/* --- Directives ------------------------------------------------------------------------------ */

/* A definition whose text holds such casts is written anew. */
static void mend_macro(const type_scope *scope, token *directive)
{
    size_t length;
    const char *rest = directive_rest(directive, &length);
    if (!memmem(rest, length, "(", 1) && !memmem(rest, length, "\"", 1))
        return;
    tokens body = scan(scope->pool, rest, length, false);
    size_t first = 1;
    if (body.count > 1 && token_is(&body.list[1], "(") && !body.list[1].spaced)
        first = tokens_close(&body, 1, NULL);
    bool any = first < body.count && mend_casts(scope, &body, first, body.count, true);
    if (!mend_texts(scope, &body, first, body.count) && !any)
        return;
    text out = {.pool = scope->pool};
    text_puts(&out, "#define ");
    tokens_code(&out, body.list, body.list + body.count);
    directive->text = text_string(&out);
    directive->length = out.size;
    directive->expanded = true;
}

/* The number in `#pragma pack(...)`, 0 if there is none. *PUSH, *POP: what else it says. */
static unsigned read_pack(const tokens *words, bool *push, bool *pop)
{
    unsigned number = 0;
    for (size_t i = 0; i < words->count; i++) {
        const token *t = &words->list[i];
        *push |= token_is(t, "push");
        *pop |= token_is(t, "pop");
        for (size_t k = 0; t->kind == TOKEN_NUMBER && k < t->length; k++)
            number = number * 10 + (unsigned)(t->text[k] - '0') % 10;
    }
    return number;
}

enum { PACK_DEPTH = 16 };

typedef struct packing {
    unsigned stack[PACK_DEPTH];
    size_t depth;
} packing;

static void mend_pragma(const type_scope *scope, token *directive, packing *packing)
{
    enum { NATURAL = 16 };
    size_t length;
    const char *rest = directive_rest(directive, &length);
    tokens words = scan(scope->pool, rest, length, false);
    if (words.count < 3 || !token_is(&words.list[0], "pack"))
        return;
    bool push = false, pop = false;
    unsigned number = read_pack(&words, &push, &pop);
    unsigned *now = &packing->stack[packing->depth];
    if (pop) {
        packing->depth -= packing->depth > 0;
    } else if (push && packing->depth + 1 < PACK_DEPTH) {
        unsigned old = *now ? *now : NATURAL;
        packing->stack[++packing->depth] = number ? number : old;
        if (!number) {
            directive->text = pool_format(scope->pool, "#pragma pack(push, %u)", old);
            directive->length = strlen(directive->text);
            directive->expanded = true;
        }
    } else if (!push) {
        *now = number;
    }
}

static void mend_directive(const type_scope *scope, token *directive, packing *packing)
{
    char word[16];
    directive_word(directive, word, sizeof word);
    if (strcmp(word, "define") == 0)
        mend_macro(scope, directive);
    else if (strcmp(word, "pragma") == 0)
        mend_pragma(scope, directive, packing);
}

/* --- Assertions ------------------------------------------------------------------------------ */

/* `static_assert` is a macro of <assert.h>, and since 2023 a word that needs no message. */
static void mend_assertion(pool *pool, const tokens *tokens, size_t at, size_t end)
{
    size_t close = tokens_close(tokens, at + 1, NULL) - 1;
    if (close >= end)
        return;
    bool message = false;
    for (size_t i = at + 2; i < close; i++) {
        message |= token_is(&tokens->list[i], ",");
        if (token_is(&tokens->list[i], "(") || token_is(&tokens->list[i], "{"))
            i = tokens_close(tokens, i, NULL) - 1;
    }
    tokens->list[at].code = "_Static_assert";
    if (!message)
        tokens->list[close].code = pool_copy(pool, ", \"\")", 5);
}

/* --- Switches -------------------------------------------------------------------------------- */

static void mend_switch(const tokens *tokens, size_t at, size_t end)
{
    size_t close = tokens_close(tokens, at + 1, NULL) - 1;
    if (close <= at + 2 || close >= end || tokens->list[close].code || tokens->list[at + 1].code)
        return;
    tokens->list[at + 1].code = "((";
    tokens->list[close].code = ")|0)";
}

/* --- The whole ------------------------------------------------------------------------------- */

/* Types made inside the item are looked up, too. */
static void mend_code(const type_scope *outer, const item *item)
{
    type_scope scope = *outer;
    local_list locals;
    for (size_t i = item->first; i < item->end && scope.locals == NULL; i++) {
        if (i == item->first || !token_is(&item->tokens.list[i], "typedef"))
            continue;
        local_read(outer->pool, outer->names, &item->tokens, item->first, item->end, &locals);
        scope.names = &locals.names;
        scope.locals = locals.list;
        scope.local_count = locals.count;
    }
    mend_casts(&scope, &item->tokens, item->first, item->end, false);
}

void mend_items(const type_scope *scope, items *items)
{
    packing packing = {.depth = 0};
    for (size_t i = 0; i < items->count; i++) {
        item *item = &items->list[i];
        mend_texts(scope, &item->tokens, item->first, item->end);
        for (size_t k = item->first; k < item->end; k++) {
            token *t = &item->tokens.list[k];
            if (t->kind == TOKEN_DIRECTIVE)
                mend_directive(scope, t, &packing);
            else if (token_is(t, "switch") && k + 1 < item->end && token_is(t + 1, "("))
                mend_switch(&item->tokens, k, item->end);
            else if ((token_is(t, "static_assert") || token_is(t, "_Static_assert")) &&
                     k + 1 < item->end && token_is(t + 1, "("))
                mend_assertion(scope->pool, &item->tokens, k, item->end);
        }
        if (item->declaration)
            mend_parameters(scope, item);
        if (item->kind != ITEM_DIRECTIVE && item->kind != ITEM_MAGIC)
            mend_code(scope, item);
    }
}
