/* The way of a cell through the compiler: conditionals, includes, items, unit, object. */
#include <stdio.h>
#include <string.h>

#include "cell_internal.h"
#include "check.h"
#include "conditional.h"
#include "macro.h"
#include "mend.h"
#include "native.h"
#include "route.h"

/* --- Before splitting ----------------------------------------------------------------------- */

/* The macros in force, as directives, for the preprocessor. */
static void put_macros(compilation *c, text *out)
{
    const past *past = c->request->past;
    text_puts(out, headers_default()->macros);
    for (size_t i = 0; i < past->macro_count; i++) {
        text_format(out, "#undef %s\n", past->macros[i].name);
        if (*past->macros[i].text)
            text_format(out, "#define %s\n", past->macros[i].text);
    }
}

static bool resolve_conditionals(compilation *c)
{
    c->text = c->request->text;
    c->size = c->request->size;
    if (!conditional_any(c->pool, c->text, c->size))
        return true;
    text macros = {.pool = c->pool};
    put_macros(c, &macros);
    const char *messages;
    if (c->request->native) /* __AVX2__ and its kin hold there */
        text_puts(&macros, native_macros(c->pool, c->request->native));
    const char *text = conditional_resolve(c->pool, &headers_default()->paths,
                                           text_string(&macros), c->text, c->size,
                                           c->request->number, &messages);
    if (!text) {
        cell_fail_compiler(c, messages, 0);
        return false;
    }
    c->text = text;
    return true;
}

/* Expand the cell's own includes: what they declare, the splitter must know. */
static bool expand_includes(compilation *c)
{
    text macros = {.pool = c->pool};
    tokens tokens = scan(c->pool, c->text, c->size, true);
    for (size_t i = 0; i < tokens.count; i++) {
        const token *t = &tokens.list[i];
        char word[16];
        if (t->kind != TOKEN_DIRECTIVE)
            continue;
        directive_word(t, word, sizeof word);
        bool include = strcmp(word, "include") == 0;
        if (!macros.size)
            put_macros(c, &macros);
        if (!include) {
            if (strcmp(word, "define") == 0 || strcmp(word, "undef") == 0) {
                text_add(&macros, t->text, t->length);
                text_puts(&macros, "\n");
            }
            continue;
        }
        size_t length;
        const char *rest = directive_rest(t, &length);
        if (headers_are_default(rest, length))
            continue;
        included in = {.directive = t};
        compiler_result result = headers_expand(
            c->pool, text_string(&macros), pool_copy(c->pool, t->text, t->length),
            pool_format(c->pool, "In[%d]", c->request->number), t->line, &in.text);
        if (!result.ok) {
            cell_fail_compiler(c, result.messages, result.signal);
            return false;
        }
        const char *place = pool_copy(c->pool, rest, length);
        in.native = strstr(in.text.declarations, "__xt_native_header") != NULL;
        if (in.native && !c->native_include) {
            c->native_token = t;
            c->native_include = pool_format(c->pool, "TinyCC cannot read %s; put the cell under "
                                            "%%%%native, which uses a system compiler (gcc or "
                                            "clang)", place);
        }
        int item = in.native ? NAME_NATIVE : -1;
        const char *name = name_header_place(c->pool, place);
        headers_enter(c->pool, &c->names, NULL, in.text.declarations,
                      strlen(in.text.declarations), item, name);
        headers_enter_macros(c->pool, &c->names, in.text.macros, item, name);
        text_puts(&macros, in.text.macros);
        *POOL_PUSH(c->pool, c->includes, c->include_count, c->include_capacity) = in;
    }
    return true;
}

/* What suffices for most cells: with what its names reach, and no word from the compiler. */
static bool compile_quickly(compilation *c, const items *items)
{
    unit_plan plan = cell_plan(c, items);
    unit unit;
    unit_write(&plan, &unit);
    if (unit.refusal)
        return false;
    compiler_result result = compiler_run_here(c->pool, &headers_default()->paths, unit.text);
    if (!result.ok || *result.messages || (result.mended && refuse_mended(c->scope).reason))
        return false;
    cell_size_arrays(c, &unit, &result);
    cell_take_unit(c, &unit, &result);
    return true;
}

/* `foo bar;`: what TinyCC says of it tells nobody what is wrong. */
static bool fail_unknown_type(compilation *c, const items *items, const compiler_message *error)
{
    for (size_t i = 0; error && i < items->count; i++) {
        const item *item = &items->list[i];
        if (!item->declaration || !item->declaration->unknown_type || item->line != error->line)
            continue;
        const token *t = &item->tokens.list[item->declaration->type_name];
        compiler_message better = *error;
        better.text = pool_format(c->pool, "'%.*s' is not a type", (int)t->length, t->text);
        better.column = cell_column(c, t);
        cell_fail(c, "CompileError", diagnose(c->pool, &better, c->request->text, c->request->size,
                                         c->request->number, &c->names));
        return true;
    }
    return false;
}

static void compile(compilation *c, items *items)
{
    if (!c->request->whole && compile_quickly(c, items))
        return;
    if (compiler_is_spent()) {
        c->answer->again = true;
        return;
    }
    unit_plan plan = cell_plan(c, items);
    plan.whole = true;
    size_t capacity = 0;
    for (int attempt = 0;; attempt++) {
        unit unit;
        unit_write(&plan, &unit);
        if (cell_fail_refusal(c, &unit))
            return;
        compiler_result result = compiler_run(c->pool, &headers_default()->paths, unit.text);
        compiler_messages messages = diagnose_read(c->pool, result.messages);
        const compiler_message *error = diagnose_error(&messages);
        bool good = result.ok && !error;
        refusal doubt = good && result.mended ? refuse_mended(c->scope) : (refusal){0};
        if (doubt.reason) {
            cell_compile_elsewhere(c, items, doubt);
            return;
        }
        if (good) {
            cell_take_warnings(c, &messages);
            cell_size_arrays(c, &unit, &result);
            cell_take_unit(c, &unit, &result);
            return;
        }
        if (!error || attempt == CELL_ATTEMPTS || !cell_learn(c, &plan, &capacity, &unit, error)) {
            if (!cell_rescue(c, items, error) && !fail_unknown_type(c, items, error))
                cell_fail_compiler(c, result.messages, result.signal);
            return;
        }
    }
}

/* Where the cell's types are looked up. */
static type_scope cell_scope(compilation *c, const items *items)
{
    const char **headers = pool_alloc(c->pool, (c->include_count + 1) * sizeof *headers);
    for (size_t i = 0; i < c->include_count; i++)
        headers[i] = c->includes[i].text.declarations;
    return (type_scope){.pool = c->pool, .names = &c->names, .past = c->request->past,
                        .items = items, .headers = headers, .header_count = c->include_count};
}

void cell_compile(pool *pool, const cell_request *request, cell_answer *answer)
{
    compilation c = {.pool = pool, .request = request, .answer = answer};
    *answer = (cell_answer){.entry = "", .main = "", .shown = "", .shown_address = "",
                            .magic = "", .magic_arguments = "", .sizes = "",
                            .past = request->past};
    if (cell_find_magic(&c))
        return;
    c.past_names = *request->past_names;
    c.names = (names){.below = &c.past_names, .pool = pool};
    if (!resolve_conditionals(&c) || !expand_includes(&c))
        return;
    items items = split(pool, &c.names, c.text, c.size,
                        pool_format(pool, "In[%d]", request->number));
    if (items.status != SPLIT_OK) {
        const token *t = items.problem_token;
        int column = cell_column(&c, t);
        cell_fail_plain(&c, items.problem, items.problem_line, column, column ? (int)t->length : 1);
        return;
    }
    refusal why = {c.native_include, c.native_token};
    type_scope scope = cell_scope(&c, &items);
    c.scope = &scope;
    refusal doubt = {0};
    refusal wrong = request->native ? (refusal){0} : check_items(&scope, &doubt);
    if (wrong.reason) {
        cell_fail_plain(&c, wrong.reason, wrong.token->line, cell_column(&c, wrong.token),
                        (int)wrong.token->length);
        return;
    }
    if (doubt.reason && request->done == 0)
        *POOL_PUSH(pool, answer->notes, answer->note_count, answer->note_capacity) =
            pool_format(pool, "In[%d]:%d: warning: %s", request->number, doubt.token->line,
                        doubt.reason);
    if (!why.reason)
        why = route_find(&scope);
    mend_items(&scope, &items);
    if (macro_is_spent(pool)) /* what was not looked at might be compiled wrongly */
        cell_fail_plain(
            &c, "the macros of this cell stand for too much to be looked at; divide the cell", 1, 1,
            1);
    else if (request->native || why.reason)
        cell_compile_elsewhere(&c, &items, why);
    else
        compile(&c, &items);
}
