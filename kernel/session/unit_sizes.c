#include "unit_internal.h"

#include "refuse.h"

#define SIZE_LIMIT ((int64_t)1 << 31)

static bool is_variable(const writer *w, const tokens *tokens, const declarator *d)
{
    return d->is_array && d->name != DECLARE_NONE &&
           refuse_variable_size(w->pool, w->names, &tokens->list[d->brackets_first],
                                &tokens->list[d->brackets_end]);
}

bool unit_needs_sizes(const writer *w, const item *item)
{
    const declaration *d = item->declaration;
    if (item->kind != ITEM_DECLARATION || d->is_typedef || d->is_extern)
        return false;
    for (size_t i = 0; i < d->count; i++)
        if (is_variable(w, &item->tokens, &d->list[i]))
            return true;
    return false;
}

void unit_ask_sizes(writer *w, const item *item, size_t index)
{
    const tokens *tokens = &item->tokens;
    unit *out = w->out;
    out->rest = true;
    out->rest_done = index;
    out->sizes = pool_format(w->pool, "__xt_sizes_%d", w->plan->number);
    for (size_t i = 0; i < item->declaration->count; i++) {
        const declarator *d = &item->declaration->list[i];
        if (!is_variable(w, tokens, d))
            continue;
        if (!unit_has_code(w)) {
            for (size_t at = d->brackets_first; at < d->brackets_end;
                 at = tokens_close(tokens, at, NULL))
                out->size_count++;
            continue;
        }
        for (size_t at = d->brackets_first; at < d->brackets_end;) {
            size_t close = tokens_close(tokens, at, NULL);
            unit_line(w, &w->body, tokens->list[at].line);
            text_format(&w->body, "%s[%zu] = (", out->sizes, out->size_count++);
            tokens_code(&w->body, &tokens->list[at + 1], &tokens->list[close - 1]);
            text_puts(&w->body, ");\n");
            at = close;
        }
    }
    if (unit_has_code(w))
        text_format(&w->body, "%s[%zu] = 1;\n", out->sizes, out->size_count);
}

const char *unit_sized_declarator(writer *w, const tokens *tokens, const declarator *d)
{
    if (!is_variable(w, tokens, d))
        return NULL;
    text out = {.pool = w->pool};
    tokens_code(&out, &tokens->list[d->first], &tokens->list[d->brackets_first]);
    for (size_t at = d->brackets_first; at < d->brackets_end;
         at = tokens_close(tokens, at, NULL)) {
        int64_t size = w->next_size < w->plan->size_count ? w->plan->sizes[w->next_size] : 0;
        w->next_size++;
        if (size < 1 || size > SIZE_LIMIT) {
            const token *name = &tokens->list[d->name];
            unit_refuse(w, name->line, "the array '%.*s' cannot have %lld elements",
                        (int)name->length, name->text, (long long)size);
            w->out->refusal_is_value = true;
            size = 1;
        }
        text_format(&out, "[%lld]", (long long)size);
    }
    return text_string(&out);
}
