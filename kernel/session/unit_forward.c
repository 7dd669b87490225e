/*
 * Functions of a cell may stand in any order, as in programs of the time when a call declared what
 * it called: one that an earlier item of the cell names is declared before that item.
 */
#include "unit_internal.h"

#include "macro.h"

#include <string.h>

/* Whether the items [first, end) make what the head of function DEFINITION needs: a type or a macro,
   or perhaps, by an include, either. */
static bool comes_too_early(const writer *w, size_t first, size_t end, const item *definition)
{
    names made = {.pool = w->pool};
    name origin = {.place = "", .item = -1};
    for (size_t i = first; i < end; i++) {
        const item *item = &w->plan->items->list[i];
        char word[16] = "";
        if (item->kind == ITEM_DECLARATION)
            declaration_enter(&made, &item->tokens, item->declaration, &origin);
        else if (item->kind == ITEM_DIRECTIVE)
            directive_word(&item->tokens.list[0], word, sizeof word);
        if (*word)
            macro_directive(&made, &item->tokens.list[0]);
        if (strcmp(word, "include") == 0)
            return true;
    }
    const declarator *head = &definition->declaration->list[0];
    for (size_t i = 0; i < head->end; i++) {
        const token *t = &definition->tokens.list[i];
        const name *known = names_find_token(&made, SPACE_ORDINARY, t);
        if (names_find_token(&made, SPACE_TAG, t) || names_find_token(&made, SPACE_MACRO, t) ||
            (known && known->kind != NAME_FUNCTION))
            return true;
    }
    return false;
}

/* The functions that the plan's items define, by name; `item` is the definition's index. */
static names *read_functions(const writer *w)
{
    names *out = pool_alloc(w->pool, sizeof *out);
    out->pool = w->pool;
    for (size_t i = w->plan->done; i < w->plan->items->count; i++) {
        const item *item = &w->plan->items->list[i];
        if (item->kind != ITEM_FUNCTION || item->declaration->tag_body != DECLARE_NONE)
            continue;
        const token *t = &item->tokens.list[item->declaration->list[0].name];
        if (!names_find_token(out, SPACE_ORDINARY, t))
            names_set(out, SPACE_ORDINARY, t->text, t->length, NAME_FUNCTION)->item = (int)i;
    }
    return out;
}

void unit_forward(writer *w, size_t index)
{
    const items *items = w->plan->items;
    const item *item = &items->list[index];
    if (!unit_has_code(w) || item->kind != ITEM_FUNCTION)
        return;
    if (!w->forward)
        w->forward = read_functions(w);
    for (size_t i = item->declaration->body; i < item->end; i++) {
        const token *t = &item->tokens.list[i];
        const name *found = names_find_token(w->forward, SPACE_ORDINARY, t);
        if (!found || token_is(t - 1, ".") || token_is(t - 1, "->"))
            continue;
        size_t at = (size_t)found->item;
        names_set(w->forward, SPACE_ORDINARY, t->text, t->length, NAME_UNKNOWN); /* is settled */
        if (at <= index || is_macro(w->names, t) ||
            comes_too_early(w, index, at, &items->list[at]))
            continue;
        unit_line(w, &w->top, item->line);
        text_format(&w->top, "%s\n", unit_prototype(w, &items->list[at]));
    }
}
