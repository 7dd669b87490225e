#include "unit_internal.h"

#include "macro.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *format_list(pool *pool, const char *format, va_list list)
{
    char line[1024];
    vsnprintf(line, sizeof line, format, list);
    return pool_copy(pool, line, strlen(line));
}

void unit_note(writer *w, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const char *note = format_list(w->pool, format, list);
    va_end(list);
    *POOL_PUSH(w->pool, w->out->notes, w->out->note_count, w->out->note_capacity) = note;
}

void unit_refuse(writer *w, int line, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    if (!w->out->refusal) {
        w->out->refusal = format_list(w->pool, format, list);
        w->out->refusal_line = line;
    }
    va_end(list);
}

void unit_line(writer *w, text *to, int line)
{
    if (to->size && to->data[to->size - 1] != '\n')
        text_puts(to, "\n");
    text_format(to, "#line %d \"In[%d]\"\n", line, w->plan->number);
}

void unit_place(writer *w, text *to, const token *token)
{
    unit_line(w, to, token->line);
    if (w->plan->target != UNIT_NATIVE || token->expanded)
        return;
    const char *start = token->text;
    while (start > w->plan->text && start[-1] != '\n')
        start--;
    for (; start < token->text; start++)
        text_add(to, *start == '\t' ? "\t" : " ", 1);
}

bool unit_declares(const writer *w)
{
    return w->plan->target != UNIT_TYPES || w->native != NATIVE_ALL;
}

bool unit_has_code(const writer *w)
{
    return w->plan->target != UNIT_TYPES;
}

/* --- Directives ---------------------------------------------------------------------------- */

static const char *macro_name(pool *pool, const token *directive)
{
    size_t length;
    const char *rest = directive_rest(directive, &length);
    tokens tokens = scan(pool, rest, length, false);
    if (tokens.count == 0 || tokens.list[0].kind != TOKEN_NAME)
        return NULL;
    return pool_copy(pool, tokens.list[0].text, tokens.list[0].length);
}

/* A definition as it is kept: on one line, without splices. */
static const char *macro_text(pool *pool, const token *directive)
{
    size_t length;
    const char *rest = directive_rest(directive, &length);
    text out = {.pool = pool};
    for (size_t i = 0; i < length; i++) {
        if (rest[i] == '\\' && i + 1 < length && rest[i + 1] == '\n')
            i++;
        else if (rest[i] == '\\' && i + 2 < length && rest[i + 1] == '\r' && rest[i + 2] == '\n')
            i += 2;
        else
            text_add(&out, rest[i] == '\n' ? " " : &rest[i], 1);
    }
    return text_string(&out);
}

static void put_directive(writer *w, text *to, const token *directive)
{
    unit_line(w, to, directive->line);
    text_add(to, directive->text, directive->length);
    text_puts(to, "\n");
}

/* A macro of the cell holds from here on, at file scope and in the entry function alike. */
static void write_macro(writer *w, const token *directive, bool define)
{
    const char *name = macro_name(w->pool, directive);
    if (!name) {
        put_directive(w, &w->top, directive);
        return;
    }
    text_format(&w->top, "\n#undef %s\n", name);
    text_format(&w->body, "\n#undef %s\n", name);
    if (define) {
        put_directive(w, &w->top, directive);
        put_directive(w, &w->body, directive);
    }
    macro_directive(w->names, directive);
    past_set_macro(&w->out->past, name, define ? macro_text(w->pool, directive) : "",
                   w->plan->number, directive->line);
}

/* The splitter has seen all of the cell's macros; here each holds only from its place on. */
static void forget_macros(writer *w)
{
    for (size_t i = w->plan->done; i < w->plan->items->count; i++) {
        const item *item = &w->plan->items->list[i];
        const token *t = &item->tokens.list[item->first];
        const char *name = item->kind == ITEM_DIRECTIVE ? macro_name(w->pool, t) : NULL;
        if (!name)
            continue;
        const struct name *old =
            names_find(w->plan->past_names, SPACE_MACRO, name, strlen(name));
        struct name *entry = names_set(w->names, SPACE_MACRO, name, strlen(name),
                                       old ? NAME_MACRO : NAME_UNKNOWN);
        if (old) {
            entry->macro = old->macro;
            entry->macro_length = old->macro_length;
            entry->place = old->place;
        }
    }
}

static void write_include(writer *w, const token *directive)
{
    for (size_t i = 0; i < w->plan->include_count; i++) {
        const included *in = &w->plan->includes[i];
        if (in->directive->text != directive->text)
            continue;
        const char *source = pool_copy(w->pool, directive->text, directive->length);
        if (w->plan->target == UNIT_NATIVE) {
            unit_line(w, &w->top, directive->line);
            unit_native_include(&w->top, source);
            text_puts(&w->top, "\n");
        } else if (!in->native) {
            text_format(&w->top, "\n#line 1 \"%s\"\n%s%s", "header", in->text.declarations,
                        in->text.macros);
            text_format(&w->body, "\n%s", in->text.macros); /* see write_old_macros */
        }
        if (*in->text.declarations)
            past_add(&w->out->past, ENTRY_INCLUDE, w->plan->number, directive->line,
                     in->text.declarations, source)->native =
                in->native ? NATIVE_ALL : NATIVE_NOTHING;
        for (const char *line = in->text.macros, *next; *line; line = next) {
            size_t length = strcspn(line, "\n");
            next = line + length + (line[length] == '\n');
            bool define = strncmp(line, "#define ", 8) == 0;
            token t = {.text = line, .length = length, .line = directive->line};
            const char *name = macro_name(w->pool, &t);
            if (!name)
                continue;
            past_macro *macro = past_set_macro(&w->out->past, name,
                                               define ? macro_text(w->pool, &t) : "",
                                               w->plan->number, directive->line);
            macro->native = in->native;
            macro->header = true;
        }
    }
}

static void write_directive(writer *w, const token *directive)
{
    char word[16];
    directive_word(directive, word, sizeof word);
    if (strcmp(word, "define") == 0 || strcmp(word, "undef") == 0) {
        write_macro(w, directive, *word == 'd');
    } else if (strcmp(word, "include") == 0) {
        write_include(w, directive);
    } else if (strcmp(word, "pragma") == 0) {
        put_directive(w, &w->top, directive);
        past_add(&w->out->past, ENTRY_PRAGMA, w->plan->number, directive->line,
                 pool_format(w->pool, "\n%.*s\n", (int)directive->length, directive->text), "");
    } else if (*word) {
        put_directive(w, &w->top, directive);
    }
}

/* --- Statements ---------------------------------------------------------------------------- */

/* TinyCC notes a line where an expression begins: a loop of none, as `for (;;);`, would have that of
   what stands before it. */
static bool needs_line(const writer *w, const token *first)
{
    return w->plan->target != UNIT_NATIVE && (token_is(first, "for") || token_is(first, "do") ||
                                              token_is(first, "goto") || token_is(first, "{"));
}

static void write_statement(writer *w, const item *item)
{
    const token *first = &item->tokens.list[item->first], *end = &item->tokens.list[item->end];
    if (!unit_has_code(w) && !token_is(first, "return"))
        return;
    bool returns = token_is(first, "return");
    if (returns && end - first > 2 && !w->shown) {
        unit_show(w, item, item->first + 1, item->end - 1);
        text_puts(&w->body, "\nreturn;\n");
        return;
    }
    if (!unit_has_code(w))
        return;
    unit_shadow(w, &w->body, first, end, false);
    unit_place(w, &w->body, first);
    if (needs_line(w, first))
        text_puts(&w->body, "(void)0; ");
    if (returns && end - first > 2)
        text_puts(&w->body, "return;");
    else
        tokens_code(&w->body, first, end);
    /* On its last line: the compiler gives the end of a loop the line of what follows. */
    text_puts(&w->body, end[-1].kind == TOKEN_DIRECTIVE ? "\n__nb_poll();\n" : " __nb_poll();\n");
    unit_shadow(w, &w->body, first, end, true);
}

static void write_assertion(writer *w, const item *item)
{
    if (!unit_has_code(w))
        return;
    unit_line(w, &w->top, item->line);
    tokens_code(&w->top, &item->tokens.list[item->first], &item->tokens.list[item->end]);
    text_puts(&w->top, "\n");
}

/* Functions that are called for what they print: their result is no value of the cell. */
static bool is_printing_call(const item *item)
{
    static const char *const printing[] = {
        "printf", "puts",  "putchar", "putc",   "fputs", "fputc",  "fprintf", "vprintf", "vfprintf",
        "scanf",  "fscanf", "vscanf", "fflush", "fwrite", "perror", "dprintf", "putchar_unlocked",
    };
    const token *first = &item->tokens.list[item->first];
    if (!token_is(first + 1, "(") ||
        tokens_close(&item->tokens, item->first + 1, NULL) != item->end)
        return false;
    for (size_t i = 0; i < sizeof printing / sizeof *printing; i++)
        if (token_is(first, printing[i]))
            return true;
    return false;
}

static void write_expression(writer *w, const item *item)
{
    size_t end = item->end;
    if (!is_printing_call(item)) {
        unit_show(w, item, item->first, end);
        return;
    }
    if (!unit_has_code(w))
        return;
    unit_place(w, &w->body, &item->tokens.list[item->first]);
    tokens_code(&w->body, &item->tokens.list[item->first], &item->tokens.list[end]);
    text_puts(&w->body, "; __nb_poll();\n");
}

static void write_item(writer *w, const item *item, size_t index)
{
    w->native = item->native;
    unit_forward(w, index);
    size_t before = w->out->past.count;
    switch (item->kind) {
    case ITEM_DIRECTIVE:
        write_directive(w, &item->tokens.list[item->first]);
        break;
    case ITEM_DECLARATION:
    case ITEM_FUNCTION:
        unit_declaration(w, item);
        break;
    case ITEM_ASSERT:
        write_assertion(w, item);
        break;
    case ITEM_STATEMENT:
        write_statement(w, item);
        break;
    case ITEM_EXPRESSION:
        write_expression(w, item);
        break;
    case ITEM_MAGIC:
        unit_refuse(w, item->line, "a %% command must be alone in its cell");
        break;
    }
    for (size_t i = before; w->native && i < w->out->past.count; i++)
        w->out->past.list[i].native = w->native;
}

/* --- The whole ------------------------------------------------------------------------------ */

/* The macros that the cell changes, as they were before it: the entry function repeats them. */
static void write_old_macros(writer *w, text *out)
{
    for (size_t i = 0; i < w->out->past.macro_count; i++) {
        const past_macro *macro = &w->out->past.macros[i];
        bool own_header = macro->native || (macro->header && w->plan->target == UNIT_NATIVE);
        if (macro->cell != w->plan->number || own_header)
            continue;
        const past_macro *old = past_find_macro(w->plan->before, macro->name);
        const name *header = names_find(&headers_default()->names, SPACE_MACRO, macro->name,
                                        strlen(macro->name));
        text_format(out, "\n#undef %s\n", macro->name);
        if (old ? *old->text != '\0' : header != NULL)
            text_format(out, "#define %.*s\n", old ? (int)strlen(old->text)
                                                   : (int)header->macro_length,
                        old ? old->text : header->macro);
    }
}

static void copy_past(writer *w)
{
    const past *before = w->plan->before;
    past *past = &w->out->past;
    *past = (struct past){.pool = w->pool, .renamed = before->renamed};
    for (size_t i = 0; i < before->count; i++)
        *POOL_PUSH(w->pool, past->list, past->count, past->capacity) = before->list[i];
    for (size_t i = 0; i < before->macro_count; i++)
        *POOL_PUSH(w->pool, past->macros, past->macro_count, past->macro_capacity) =
            before->macros[i];
    for (size_t i = 0; i < before->taken_count; i++)
        past_take(past, before->taken[i].space, before->taken[i].name);
}

/* Statements of a cell say that they are in main, as they are in a program made of the cells. */
static const char entry_names[] = "\n#define __func__ \"main\"\n#define __FUNCTION__ \"main\"\n"
                                  "#define __PRETTY_FUNCTION__ \"main\"\n";

void unit_write(const unit_plan *plan, unit *out)
{
    pool *pool = plan->pool;
    *out = (unit){.text = "", .entry = "", .main = "", .shown = "", .shown_address = "", .sizes = ""};
    names names = {.pool = pool, .below = plan->names};
    writer w = {.plan = plan, .pool = pool, .out = out, .names = &names, .top = {.pool = pool},
                .body = {.pool = pool}};
    copy_past(&w);
    forget_macros(&w);
    for (size_t i = plan->done; i < plan->items->count && !out->rest; i++) {
        const item *item = &plan->items->list[i];
        bool sized = i == plan->done && plan->size_count > 0;
        if (!sized && unit_needs_sizes(&w, item))
            unit_ask_sizes(&w, item, i);
        else
            write_item(&w, item, i);
    }
    text all = {.pool = pool}, rest = {.pool = pool};
    text_puts(&rest, text_string(&w.top));
    if (w.body.size) {
        bool native = plan->target == UNIT_NATIVE;
        const char *storage = native ? "" : "static "; /* what nobody reads would be left out */
        out->entry = pool_format(pool, plan->target == UNIT_TYPES ? "__types_%d" : "__cell_%d",
                                 plan->number);
        write_old_macros(&w, &rest);
        if (out->rest)
            text_format(&rest, "\n%slong long %s[%zu];\n", storage, out->sizes,
                        out->size_count + 1);
        if (*out->shown_address)
            text_format(&rest, "\n%svoid *%s;\n", storage, out->shown_address);
        text_puts(&rest, entry_names);
        text_format(&rest, "\n#line 1 \"In[%d]\"\nvoid %s(void)\n{\n", plan->number, out->entry);
        text_puts(&rest, text_string(&w.body));
        text_puts(&rest, "\n}\n");
    }
    unit_prologue(&w, text_string(&rest), &all);
    text_add(&all, text_string(&rest), rest.size);
    out->text = text_string(&all);
}
