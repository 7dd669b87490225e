/* Places in memory that are none, and types by value whose members nobody has declared. */
#include "check.h"

#include "declare.h"
#include "headers.h"
#include "local.h"

static bool is_assignment(const token *t)
{
    return token_is(t, "=") || token_is(t, "<<=") || token_is(t, ">>=") ||
           (t->length == 2 && t->text[1] == '=' && strchr("+-*/%&|^", *t->text));
}

static bool is_one_of(const token *t, const char *list)
{
    return t->kind == TOKEN_PUNCTUATOR && t->length == 1 && strchr(list, *t->text);
}

/* Whether an expression begins at AT: what stands before it is no operand and no operator. */
static bool begins_expression(const tokens *tokens, size_t at)
{
    if (at == 0)
        return true;
    const token *t = &tokens->list[at - 1];
    return is_one_of(t, ";{}(,?:=") || token_is(t, "return") || token_is(t, "else") ||
           token_is(t, "do") || is_assignment(t);
}

static bool is_operand_end(const token *t)
{
    return t->kind == TOKEN_NUMBER || t->kind == TOKEN_STRING || is_one_of(t, ")]") ||
           (t->kind == TOKEN_NAME && !is_keyword(t));
}

/* Behind a name or brackets at AT with their members, subscripts and calls; AT: there are none. */
static size_t skip_postfix(const check_code *code, size_t at)
{
    const tokens *tokens = &code->tokens;
    const token *t = &tokens->list[at];
    if (token_is(t, "(") && code->partner[at] > at)
        at = code->partner[at] + 1;
    else if (t->kind == TOKEN_NAME && !is_keyword(t))
        at++;
    else
        return at;
    for (;;) {
        t = &tokens->list[at];
        if (is_one_of(t, "([") && code->partner[at] > at)
            at = code->partner[at] + 1;
        else if ((token_is(t, ".") || token_is(t, "->")) && t[1].kind == TOKEN_NAME)
            at += 2;
        else
            return at;
    }
}

static bool is_type(const check_code *code, size_t open, size_t close)
{
    const token *t = &code->tokens.list[open + 1];
    bool begins = is_specifier_keyword(t) ||
                  (t->kind == TOKEN_NAME && is_type_name(code->scope->names, t));
    for (size_t i = open + 2; begins && i < close; i++) {
        t = &code->tokens.list[i];
        begins = t->kind == TOKEN_NAME || token_is(t, "*");
    }
    return begins;
}

/* Behind `(T)x` or `(T)(U)x` at AT; AT: there is none. */
static size_t skip_cast(const check_code *code, size_t at)
{
    size_t next = at;
    while (token_is(&code->tokens.list[next], "(") && code->partner[next] > next &&
           is_type(code, next, code->partner[next]))
        next = code->partner[next] + 1;
    size_t end = next > at ? skip_postfix(code, next) : at;
    return end > next ? end : at;
}

static const char of_a_cast[] = "a cast is a value: nothing can be assigned to it";

static bool is_step(const token *t)
{
    return token_is(t, "++") || token_is(t, "--");
}

/* `++(char)x`, `((char *)p)++`. */
static refusal check_step(const check_code *code, size_t at)
{
    const token *t = &code->tokens.list[at];
    size_t close = code->partner[at];
    if (!token_is(t, "(") || close <= at + 1)
        return (refusal){0};
    bool before = at > 0 && is_step(t - 1) && (at == 1 || !is_operand_end(t - 2));
    if (before && skip_cast(code, at) > at)
        return (refusal){of_a_cast, t};
    bool around = is_step(&code->tokens.list[close + 1]) || before;
    if (around && (at == 0 || !is_operand_end(t - 1)) && skip_cast(code, at + 1) == close)
        return (refusal){of_a_cast, t};
    return (refusal){0};
}

/* `f().x = 3`: the result of a function is a copy that ends at once. */
static refusal check_result(const check_code *code, size_t at)
{
    const token *t = &code->tokens.list[at];
    size_t close = t->kind == TOKEN_NAME && token_is(t + 1, "(") ? code->partner[at + 1] : 0;
    bool plain = close > at && !is_keyword(t) && begins_expression(&code->tokens, at);
    const name *entry = plain ? names_find_token(code->scope->names, SPACE_ORDINARY, t) : NULL;
    if (!entry || entry->kind != NAME_FUNCTION || !token_is(&code->tokens.list[close + 1], "."))
        return (refusal){0};
    size_t end = close + 1;
    while (token_is(&code->tokens.list[end], ".") && code->tokens.list[end + 1].kind == TOKEN_NAME)
        end += 2;
    if (!is_assignment(&code->tokens.list[end]) && !is_step(&code->tokens.list[end]))
        return (refusal){0};
    return (refusal){pool_format(code->scope->pool, "the result of '%.*s' is a value: nothing can "
                                                    "be assigned to its members",
                                 (int)t->length, t->text), t};
}

/* `(char)x = 3`, `(x, y) = 3`. */
static refusal check_assignment(const check_code *code, size_t at)
{
    const token *t = &code->tokens.list[at];
    size_t close = code->partner[at];
    if (!token_is(t, "(") || close <= at + 1 || !begins_expression(&code->tokens, at))
        return (refusal){0};
    const token *next = &code->tokens.list[close + 1];
    bool structure = token_is(t + 1, "struct") && close == at + 3;
    if (structure && (next->kind == TOKEN_NUMBER || next->kind == TOKEN_STRING ||
                      next->kind == TOKEN_CHARACTER))
        return (refusal){"a number or a text cannot be cast to a structure", t};
    size_t end = skip_cast(code, at);
    if (end > at)
        return is_assignment(&code->tokens.list[end]) ? (refusal){of_a_cast, t} : (refusal){0};
    if (!is_assignment(&code->tokens.list[close + 1]))
        return (refusal){0};
    for (size_t i = at + 1; i < close; i++) {
        if (code->partner[i] > i)
            i = code->partner[i];
        else if (token_is(&code->tokens.list[i], ","))
            return (refusal){"nothing can be assigned to 'a, b', which is a value", t};
    }
    return (refusal){0};
}

/* --- Bit-fields ------------------------------------------------------------------------------ */

typedef struct member_kind {
    bool bits, plain; /* some structure has it as a bit-field, as another member */
} member_kind;

/* How bodies of structures in the tokens declare the member NAME. */
static void look_for_member(const tokens *tokens, const token *name, member_kind *kind)
{
    for (size_t i = 1; i + 1 < tokens->count; i++) {
        const token *t = &tokens->list[i];
        if (!token_same(t, name) || token_is(t - 1, ".") || token_is(t - 1, "->"))
            continue;
        bool declared = token_is(t - 1, "*") || token_is(t - 1, ",") || token_is(t - 1, "(") ||
                        t[-1].kind == TOKEN_NAME || token_is(t - 1, "}");
        if (declared && token_is(t + 1, ":") && !token_is(t - 1, "case") && !token_is(t - 1, "("))
            kind->bits = true;
        else if (declared && is_one_of(t + 1, ";[,)") && !is_statement_keyword(t - 1))
            kind->plain = true;
    }
}

/* Some structure has it as a bit-field, and none, of headers either, as something else: which one
   the expression is of is not looked at. */
static bool is_bit_field(const type_scope *scope, const tokens *tokens, const token *name)
{
    member_kind kind = {0};
    look_for_member(tokens, name, &kind);
    for (size_t i = 0; i < scope->items->count && !kind.plain; i++) {
        const item *item = &scope->items->list[i];
        if (item->declaration && item->declaration->tag_body != DECLARE_NONE)
            look_for_member(&item->tokens, name, &kind);
    }
    const char *text = pool_copy(scope->pool, name->text, name->length);
    for (size_t i = 0; i < scope->past->count && !kind.plain; i++) {
        const entry *e = &scope->past->list[i];
        kind.plain |= e->kind == ENTRY_INCLUDE &&
                      text_mentions(e->text, e->text + strlen(e->text), text);
        if (e->kind != ENTRY_TYPE || !strstr(e->text, text))
            continue;
        struct tokens all = scan(scope->pool, e->text, strlen(e->text), false);
        look_for_member(&all, name, &kind);
    }
    for (size_t i = 0; i < scope->header_count; i++)
        kind.plain |= text_mentions(scope->headers[i], strchr(scope->headers[i], '\0'), text);
    const headers *h = headers_default();
    return kind.bits && !kind.plain &&
           !(h && text_mentions(h->declarations, h->declarations + h->declarations_size, text));
}

/* `&s.bits`, `sizeof s.bits`. */
static refusal check_bit_field(const check_code *code, size_t at)
{
    const token *t = &code->tokens.list[at];
    bool address = token_is(t, "&") && (at == 0 || !is_operand_end(t - 1));
    bool size = token_is(t, "sizeof") || token_is(t, "_Alignof") || token_is(t, "__alignof__");
    if (!address && !size)
        return (refusal){0};
    size_t first = at + 1, end = skip_postfix(code, first);
    if (end == first + 1)
        return (refusal){0};
    while (token_is(&code->tokens.list[first], "(") && code->partner[first] == end - 1) {
        first++;
        end--;
    }
    const token *last = &code->tokens.list[end - 1];
    bool member = end > first + 2 && last->kind == TOKEN_NAME &&
                  (token_is(last - 1, ".") || token_is(last - 1, "->"));
    if (!member || !is_bit_field(code->scope, &code->tokens, last))
        return (refusal){0};
    return (refusal){pool_format(code->scope->pool, "'%.*s' is a bit-field, which has no %s",
                                 (int)last->length, last->text,
                                 address ? "address" : "size in bytes"), last};
}

/* --- Registers ------------------------------------------------------------------------------- */

/* `register int r; ... &r` in a function. At the top level of a cell `register` means nothing. */
static refusal check_registers(const check_code *code, const item *item)
{
    bool any = false;
    for (size_t i = 0; i < code->tokens.count && !any; i++)
        any = token_is(&code->tokens.list[i], "register");
    if (!any || item->kind != ITEM_FUNCTION)
        return (refusal){0};
    names found = {.pool = code->scope->pool};
    for (size_t i = 0; i < code->tokens.count; i++) {
        const token *t = &code->tokens.list[i];
        if (token_is(t, "register")) {
            declaration d;
            declaration_read(code->scope->pool, code->scope->names, &code->tokens, i, &d);
            bool parameter = i > 0 && is_one_of(t - 1, "(,");
            for (size_t k = 0; k < d.count && (!parameter || k == 0); k++)
                if (d.list[k].name != DECLARE_NONE)
                    names_set(&found, SPACE_ORDINARY, code->tokens.list[d.list[k].name].text,
                              code->tokens.list[d.list[k].name].length,
                              d.list[k].is_array ? NAME_TYPE : NAME_OBJECT);
        }
        const name *entry = token_is(t, "&") && i > 0 && !is_operand_end(t - 1)
                                ? names_find_token(&found, SPACE_ORDINARY, t + 1) : NULL;
        if (entry && entry->kind == NAME_OBJECT && !token_is(t + 2, "->") && !token_is(t + 2, "["))
            return (refusal){pool_format(code->scope->pool, "'%.*s' is declared 'register', and "
                                                            "has no address",
                                         (int)t[1].length, t[1].text), t + 1};
    }
    return (refusal){0};
}

/* --- Constant parameters --------------------------------------------------------------------- */

/* Whether the parameter in tokens [first, end) is itself a constant, as in `const int n` and
   `int *const p`. Its name is the last token. */
static bool is_constant(const tokens *tokens, size_t first, size_t end)
{
    bool constant = false;
    for (size_t i = first; i < end; i++) {
        const token *t = &tokens->list[i];
        if (is_one_of(t, "([{"))
            return false;
        constant |= token_is(t, "const") || token_is(t, "__const");
        constant &= !token_is(t, "*");
    }
    return constant && end > first + 1 && tokens->list[end - 1].kind == TOKEN_NAME &&
           !is_keyword(&tokens->list[end - 1]);
}

/* An assignment to NAME in tokens [first, end); NULL: there is none. */
static const token *find_assignment(const tokens *tokens, size_t first, size_t end,
                                    const token *name)
{
    for (size_t i = first; i < end; i++) {
        const token *t = &tokens->list[i];
        if (!token_same(t, name) || token_is(t - 1, ".") || token_is(t - 1, "->") ||
            token_is(t - 1, "*") || (t[-1].kind == TOKEN_NAME && !is_statement_keyword(t - 1)))
            continue;
        size_t after = i + 1;
        while (token_is(&tokens->list[after], ".") && tokens->list[after + 1].kind == TOKEN_NAME)
            after += 2;
        const token *next = &tokens->list[after];
        bool step = is_step(next) ||
                    (is_step(t - 1) && !token_is(next, "[") && !token_is(next, "->"));
        if (step || is_assignment(next))
            return t;
    }
    return NULL;
}

/* TinyCC forgets that a parameter is constant. */
static refusal check_constants(const check_code *code, const item *item)
{
    const declaration *d = item->declaration;
    const tokens *tokens = &item->tokens;
    if (item->kind != ITEM_FUNCTION)
        return (refusal){0};
    local_list locals;
    bool read = false;
    size_t first = d->list[0].parameters + 1, end = d->list[0].parameters_end;
    for (size_t i = first; i < end; i++) {
        if (is_one_of(&tokens->list[i], "([{")) {
            i = tokens_close(tokens, i, NULL) - 1;
            continue;
        }
        if (!token_is(&tokens->list[i], ",") && i + 1 < end)
            continue;
        const token *name = &tokens->list[i - 1];
        bool constant = is_constant(tokens, first, i);
        first = i + 1;
        const token *at = constant ? find_assignment(tokens, d->body, item->end, name) : NULL;
        if (!at)
            continue;
        if (!read)
            local_read(code->scope->pool, code->scope->names, tokens, d->body, item->end, &locals);
        read = true;
        locals.names.below = NULL;
        if (!names_find_token(&locals.names, SPACE_ORDINARY, name))
            return (refusal){pool_format(code->scope->pool, "assignment to the constant '%.*s' (it "
                                                            "is declared const)",
                                         (int)name->length, name->text), at};
    }
    return (refusal){0};
}

/* --- Types that are not complete ------------------------------------------------------------- */

static refusal check_complete(const type_scope *scope, const tokens *tokens, size_t at, size_t end)
{
    type_found found;
    const token *t = &tokens->list[at];
    if (at + 2 >= end || (!token_is(t, "struct") && !token_is(t, "union")) ||
        t[1].kind != TOKEN_NAME || t[2].kind != TOKEN_NAME || is_keyword(t + 2) ||
        is_macro(scope->names, t + 1) || type_find(scope, t + 1, SPACE_TAG, &found))
        return (refusal){0};
    return (refusal){pool_format(scope->pool, "'%.*s %.*s' is not complete: its members are not "
                                              "declared", (int)t->length, t->text,
                                 (int)t[1].length, t[1].text), t};
}

/* What a function takes and gives by value. */
static refusal check_signature(const type_scope *scope, const item *item)
{
    const declaration *d = item->declaration;
    const tokens *tokens = &item->tokens;
    refusal found = {0};
    if (item->kind != ITEM_FUNCTION)
        return found;
    const declarator *f = &d->list[0];
    if (f->first == f->name && d->tag_name != DECLARE_NONE && d->tag_body == DECLARE_NONE)
        found = check_complete(scope, tokens, d->tag_keyword, item->end);
    for (size_t i = f->parameters + 1; i + 1 < f->parameters_end && !found.reason; i++) {
        const token *after = &tokens->list[i + 3];
        if (i + 4 <= f->parameters_end && (token_is(after, ",") || token_is(after, ")")))
            found = check_complete(scope, tokens, i, f->parameters_end);
    }
    return found;
}

/* --- The whole ------------------------------------------------------------------------------- */

refusal check_places(const check_code *code, const item *item)
{
    refusal found = check_signature(code->scope, item);
    bool declares = item->kind == ITEM_DECLARATION;
    for (size_t at = 0; at < code->tokens.count && !found.reason; at++) {
        if (!declares) /* `int (x) = 3` */
            found = check_assignment(code, at);
        if (!found.reason)
            found = check_step(code, at);
        if (!found.reason)
            found = check_result(code, at);
        if (!found.reason)
            found = check_bit_field(code, at);
    }
    if (!found.reason)
        found = check_registers(code, item);
    return found.reason ? found : check_constants(code, item);
}
