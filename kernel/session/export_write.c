#include "export_internal.h"

#include <ctype.h>
#include <string.h>

typedef struct writer {
    program *p;
    text top, body;
    names locals;  /* declared in main so far, in the scope that is open */
    names globals; /* objects at file scope so far */
    size_t depth;  /* blocks open in main: a name declared again gets a scope of its own */
    const char *heading_top, *heading_body; /* last written */
} writer;

/* --- text ------------------------------------------------------------------------------- */

/* Append source lines, DEPTH levels deeper than they were. */
static void put_lines(text *out, const char *source, size_t size, size_t depth)
{
    while (size > 0) {
        const char *newline = memchr(source, '\n', size);
        size_t length = newline ? (size_t)(newline - source) : size;
        size_t shown = length;
        while (shown > 0 && isspace((unsigned char)source[shown - 1]))
            shown--;
        for (size_t i = 0; i < depth && shown > 0 && *source != '#'; i++)
            text_puts(out, "    ");
        text_add(out, source, shown);
        text_puts(out, "\n");
        source += newline ? length + 1 : length;
        size -= newline ? length + 1 : length;
    }
}

static void put_heading(text *out, const char **last, const export_cell *cell, size_t depth)
{
    if (*last && strcmp(*last, cell->heading) == 0)
        return;
    *last = cell->heading;
    if (!*cell->heading)
        return;
    text_puts(out, "\n");
    for (size_t i = 0; i < depth; i++)
        text_puts(out, "    ");
    text_format(out, "/* --- %s --- */\n", cell->heading);
}

static bool ends_with_heading(const text *out)
{
    return out->size > 3 && memcmp(out->data + out->size - 3, "*/\n", 3) == 0;
}

/* The comments before an item, without the blank lines at their start and end. */
static void put_lead(writer *w, text *out, const part *part, size_t depth)
{
    const char *source = part->cell->text + part->start;
    size_t size = part->item->offset - part->start;
    bool apart = part->start > 0 && size > 1 && memmem(source, size, "\n\n", 2);
    put_heading(out, out == &w->top ? &w->heading_top : &w->heading_body, part->cell, depth);
    while (size > 0 && isspace((unsigned char)*source)) {
        source++;
        size--;
    }
    while (size > 0 && isspace((unsigned char)source[size - 1]))
        size--;
    if (apart || (part->item->kind == ITEM_FUNCTION && !ends_with_heading(out)))
        text_puts(out, "\n");
    put_lines(out, source, size, depth);
}

static void put_source(writer *w, text *out, const part *part, size_t depth)
{
    put_lead(w, out, part, depth);
    put_lines(out, part->cell->text + part->item->offset, part->end - part->item->offset, depth);
}

/* A token sequence on one line, blanks as written. */
static void put_tokens(const part *part, text *out, size_t first, size_t end, const char *without)
{
    bool begun = false;
    for (size_t i = first; i < end; i++) {
        const token *t = part_token(part, i);
        if (without && token_is(t, without))
            continue;
        if (begun && (t->spaced || t->line_start))
            text_puts(out, " ");
        text_add(out, t->text, t->length);
        begun = true;
    }
}

static void put_indent(writer *w)
{
    for (size_t i = 0; i <= w->depth; i++)
        text_puts(&w->body, "    ");
}

/* --- objects ---------------------------------------------------------------------------- */

static bool is_constant(const writer *w, const part *part, const declarator *d)
{
    return d->initialiser == DECLARE_NONE ||
           export_is_constant(w->p, &part->item->tokens, d->initialiser, d->initialiser_end);
}

static bool has_braces(const part *part, const declarator *d)
{
    return token_is(part_token(part, d->initialiser), "{");
}

/* The value of an object at file scope that only main can compute. */
static void write_assignment(writer *w, const part *part, const declarator *d)
{
    const declaration *all = part->item->declaration;
    const token *name = part_token(part, d->name);
    put_indent(w);
    if (d->is_array) {
        if (d->unsized)
            export_refuse(w->p, part->cell, name->line, "functions use %.*s: give the array a size",
                          (int)name->length, name->text);
        text_format(&w->body, "memcpy(%.*s, (", (int)name->length, name->text);
        put_tokens(part, &w->body, all->specifiers, all->specifiers_end, "const");
        text_puts(&w->body, " ");
        put_tokens(part, &w->body, d->brackets_first, d->brackets_end, NULL);
        text_puts(&w->body, ")");
        put_tokens(part, &w->body, d->initialiser, d->initialiser_end, NULL);
        text_format(&w->body, ", sizeof %.*s);\n", (int)name->length, name->text);
        return;
    }
    text_format(&w->body, "%.*s = ", (int)name->length, name->text);
    if (has_braces(part, d)) {
        text_puts(&w->body, "(");
        put_tokens(part, &w->body, all->specifiers, all->specifiers_end, "const");
        text_puts(&w->body, ")");
    }
    put_tokens(part, &w->body, d->initialiser, d->initialiser_end, NULL);
    text_puts(&w->body, ";\n");
}

static void enter(names *names, const token *name)
{
    names_set(names, SPACE_ORDINARY, name->text, name->length, NAME_OBJECT);
}

static void write_global_declaration(writer *w, const part *part)
{
    const declaration *all = part->item->declaration;
    bool constant = true, known = false;
    for (size_t i = 0; i < all->count; i++) {
        const declarator *d = &all->list[i];
        constant &= is_constant(w, part, d);
        known |= d->name != DECLARE_NONE && !d->is_function &&
                 names_find_token(&w->globals, SPACE_ORDINARY, part_token(part, d->name));
    }
    if (constant && !known) {
        put_source(w, &w->top, part, 0);
    } else {
        put_lead(w, &w->body, part, w->depth + 1);
        for (size_t i = 0; i < all->count; i++) {
            const declarator *d = &all->list[i];
            if (d->name == DECLARE_NONE)
                continue;
            if (!names_find_token(&w->globals, SPACE_ORDINARY, part_token(part, d->name))) {
                put_heading(&w->top, &w->heading_top, part->cell, 0);
                put_tokens(part, &w->top, all->specifiers, all->specifiers_end,
                           constant ? NULL : "const");
                text_puts(&w->top, " ");
                put_tokens(part, &w->top, d->first, d->end, NULL);
                text_puts(&w->top, ";\n");
            }
            if (d->initialiser != DECLARE_NONE)
                write_assignment(w, part, d);
        }
    }
    for (size_t i = 0; i < all->count && !all->is_typedef; i++)
        if (all->list[i].name != DECLARE_NONE && !all->list[i].is_function)
            enter(&w->globals, part_token(part, all->list[i].name));
}

/* How often the cells mention a name, its declaration included. */
static size_t count_mentions(const program *p, const token *name)
{
    size_t count = 0;
    for (size_t i = 0; i < p->count; i++)
        for (size_t k = p->parts[i].item->first; k < p->parts[i].item->end; k++) {
            const token *t = part_token(&p->parts[i], k);
            if (t->kind == TOKEN_DIRECTIVE) /* of a macro: better one (void) too few */
                count += memmem(t->text, t->length, name->text, name->length) != NULL;
            else
                count += t->kind == TOKEN_NAME && token_same(t, name);
        }
    return count;
}

static void write_local_declaration(writer *w, const part *part)
{
    const declaration *all = part->item->declaration;
    bool again = false;
    for (size_t i = 0; i < all->count; i++)
        again |= all->list[i].name != DECLARE_NONE &&
                 names_find_token(&w->locals, SPACE_ORDINARY, part_token(part, all->list[i].name));
    if (again) { /* shadow what an earlier cell declared */
        put_indent(w);
        text_puts(&w->body, "{\n");
        w->depth++;
        w->locals = (names){.pool = w->p->pool};
    }
    put_source(w, &w->body, part, w->depth + 1);
    for (size_t i = 0; i < all->count; i++) {
        if (all->list[i].name == DECLARE_NONE)
            continue;
        const token *name = part_token(part, all->list[i].name);
        enter(&w->locals, name);
        if (count_mentions(w->p, name) == 1) {
            put_indent(w);
            text_format(&w->body, "(void)%.*s;\n", (int)name->length, name->text);
        }
    }
}

/* --- statements ------------------------------------------------------------------------- */

/* A call whose result is no value: of a function that returns nothing, or that prints. */
static bool is_plain_call(const writer *w, const part *part)
{
    static const char *const printing[] = {"printf", "puts", "putchar", "putc", "fputs", "fputc",
                                           "fprintf", "scanf", "fflush", "fwrite", "perror"};
    const item *item = part->item;
    const token *first = part_token(part, item->first);
    if (first->kind != TOKEN_NAME || item->end < item->first + 2 || !token_is(first + 1, "(") ||
        tokens_close(&item->tokens, item->first + 1, NULL) != item->end)
        return false;
    for (size_t i = 0; i < sizeof printing / sizeof printing[0]; i++)
        if (token_is(first, printing[i]))
            return true;
    const name *entry = names_find_token(&w->p->names, SPACE_ORDINARY, first);
    return entry && entry->kind == NAME_FUNCTION && entry->returns_void;
}

static void write_expression(writer *w, const part *part)
{
    const char *source = part->cell->text + part->item->offset;
    size_t size = part->item->offset_end - part->item->offset;
    text shown = {.pool = w->p->pool};
    bool plain = is_plain_call(w, part);
    text_format(&shown, plain ? "%.*s;%.*s" : "display(%.*s);%.*s", (int)size, source,
                (int)(part->end - part->item->offset_end), source + size);
    put_lead(w, &w->body, part, w->depth + 1);
    put_lines(&w->body, shown.data, shown.size, w->depth + 1);
}

static void write_magic(writer *w, const part *part)
{
    const token *t = part_token(part, part->item->first);
    put_lead(w, &w->body, part, w->depth + 1);
    put_indent(w);
    text_format(&w->body, "/* %.*s */\n", (int)t->length, t->text);
}

static void write_part(writer *w, const part *part)
{
    const token *first = part_token(part, part->item->first);
    if (part->skipped)
        return;
    switch (part->item->kind) {
    case ITEM_DECLARATION:
        if (part->global)
            write_global_declaration(w, part);
        else
            write_local_declaration(w, part);
        break;
    case ITEM_EXPRESSION:
        write_expression(w, part);
        break;
    case ITEM_MAGIC:
        write_magic(w, part);
        break;
    case ITEM_STATEMENT:
        if (token_is(first, "return"))
            export_refuse(w->p, part->cell, first->line, "a `return` ends a cell, but not a part "
                          "of a program");
        put_source(w, &w->body, part, w->depth + 1);
        break;
    default:
        put_source(w, part->global ? &w->top : &w->body, part, part->global ? 0 : w->depth + 1);
        break;
    }
}

void export_write(program *p, const char *title, text *out)
{
    static const char *const headers[] = {"stdio", "stdlib", "string", "math", "stdint",
                                          "inttypes", "stdbool", "stddef", "stdarg", "ctype",
                                          "time", "errno", "limits", "float"};
    writer w = {.p = p, .top = {.pool = p->pool}, .body = {.pool = p->pool},
                .locals = {.pool = p->pool}, .globals = {.pool = p->pool}};
    for (size_t i = 0; i < p->count; i++)
        write_part(&w, &p->parts[i]);
    text_format(out, "/*\n * %s, written as a program by `xtinycc export`.\n *\n"
                     " *     cc -O2 FILE.c $(pkg-config --cflags --libs nn)\n */\n"
                     "#ifndef _GNU_SOURCE\n#define _GNU_SOURCE\n#endif\n", title);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        text_format(out, "#include <%s.h>\n", headers[i]);
    text_puts(out, "\n#include <notebook.h>\n");
    text_puts(out, text_string(&w.top));
    text_puts(out, "\nint main(void)\n{");
    text_puts(out, w.body.size && w.body.data[0] == '\n' ? "" : "\n");
    text_puts(out, text_string(&w.body));
    for (; w.depth > 0; w.depth--) {
        for (size_t i = 0; i < w.depth; i++)
            text_puts(out, "    ");
        text_puts(out, "}\n");
    }
    text_puts(out, "    return 0;\n}\n");
}
