#include "cell.h"

#include "conditional.h"
#include "diagnose.h"
#include "elf_object.h"
#include "macro.h"
#include "mend.h"
#include "native.h"
#include "route.h"
#include "split.h"
#include "unit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { ATTEMPTS = 12 };

typedef struct compilation {
    pool *pool;
    const cell_request *request;
    cell_answer *answer;
    const char *text; /* the cell with its conditionals resolved */
    size_t size;
    names past_names; /* headers and session */
    names names;      /* and what the cell includes and declares */
    const type_scope *scope; /* where the cell's types are looked up */
    included *includes;
    size_t include_count, include_capacity;
    const char *native_include; /* why a header of the cell is not for TinyCC; NULL: all are */
    const token *native_token;
} compilation;

/* --- Failing -------------------------------------------------------------------------------- */

static void fail(compilation *c, const char *ename, diagnosis diagnosis)
{
    c->answer->ename = ename;
    c->answer->evalue = diagnosis.evalue;
    c->answer->traceback = pool_format(c->pool, "\033[31m%s\033[0m\n%s", ename,
                                       diagnosis.traceback);
}

static void fail_plain(compilation *c, const char *text, int line, int column, int width)
{
    fail(c, "CompileError",
         diagnose_plain(c->pool, text, c->request->text, c->request->size, c->request->number, line,
                        column, width));
}

static void fail_compiler(compilation *c, const char *messages, int signal)
{
    compiler_messages list = diagnose_read(c->pool, messages);
    const compiler_message *error = diagnose_error(&list);
    if (error)
        fail(c, "CompileError", diagnose(c->pool, error, c->request->text, c->request->size,
                                         c->request->number, &c->names));
    else
        fail_plain(c, signal ? pool_format(c->pool, "the compiler crashed on this cell (signal %d)",
                                           signal)
                             : "the compiler refuses this cell without saying why",
                   1, 1, 1);
}

/* --- Magics --------------------------------------------------------------------------------- */

/* `%word arguments`, `%%word` with the rest of the cell, `!command`, `?name`, `name?`. */
static void take_magic(compilation *c, const token *magic)
{
    const char *at = magic->text, *end = at + magic->length;
    while (end > at && isspace((unsigned char)end[-1]))
        end--;
    if (*at == '!') {
        c->answer->magic = "!";
        c->answer->magic_arguments = pool_copy(c->pool, at + 1, (size_t)(end - at - 1));
        return;
    }
    if (*at != '%') {
        const char *marks = memchr(at, '?', (size_t)(end - at));
        bool twice = memmem(at, (size_t)(end - at), "??", 2) != NULL;
        c->answer->magic = twice ? "??" : "?";
        const char *from = marks == at ? at + 1 + twice : at;
        const char *to = marks == at ? end : marks;
        while (from < to && isspace((unsigned char)*from))
            from++;
        c->answer->magic_arguments = pool_copy(c->pool, from, (size_t)(to - from));
        return;
    }
    bool whole = end - at > 1 && at[1] == '%';
    const char *word = at;
    at += 1 + whole;
    while (at < end && !isspace((unsigned char)*at))
        at++;
    c->answer->magic = pool_copy(c->pool, word, (size_t)(at - word));
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    if (whole) /* everything below belongs to it */
        end = c->request->text + c->request->size;
    c->answer->magic_arguments = pool_copy(c->pool, at, (size_t)(end - at));
}

/* Whether the cell is one magic. */
static bool find_magic(compilation *c)
{
    tokens tokens = scan(c->pool, c->request->text, c->request->size, true);
    if (tokens.count == 0 || tokens.list[0].kind != TOKEN_MAGIC || c->request->mode != LANG_CELL)
        return false;
    const token *first = &tokens.list[0];
    bool whole = first->length > 1 && first->text[0] == '%' && first->text[1] == '%';
    if (tokens.count > 1 && !whole)
        return false; /* the unit writer refuses it */
    take_magic(c, first);
    return true;
}

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
        fail_compiler(c, messages, 0);
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
            fail_compiler(c, result.messages, result.signal);
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

/* The column of a token of the cell, 0 for any other. */
static int column_in_cell(const compilation *c, const token *t)
{
    if (!t || t->text < c->text || t->text >= c->text + c->size)
        return 0;
    int column = 1;
    for (const char *start = t->text; start > c->text && start[-1] != '\n'; start--)
        column += ((unsigned char)start[-1] & 0xC0) != 0x80;
    return column;
}

/* Of cells that go to the system compiler by themselves: close to what TinyCC does. */
static const char plain_options[] = "-O2 -fno-strict-aliasing -fwrapv";

/* --- Compiling ------------------------------------------------------------------------------ */

static void teach(compilation *c, unit_plan *plan, size_t *capacity, const char *name)
{
    *POOL_PUSH(c->pool, plan->changed, plan->changed_count, *capacity) = (lesson){name};
}

/* Whether the unit binds NAME to what the session has under it. */
static bool is_bound(const unit *unit, const char *name)
{
    for (size_t i = 0; i < unit->defined_count; i++)
        if (unit->defined[i].bind != LANG_BIND_NEW && strcmp(unit->defined[i].name, name) == 0)
            return true;
    return false;
}

/* Whether another way of writing the unit may mend the error. */
static bool learn(compilation *c, unit_plan *plan, size_t *capacity, const unit *unit,
                  const compiler_message *error)
{
    bool types = strstr(error->text, "incompatible types for redefinition") ||
                 strstr(error->text, "conflicting types for") ||
                 strstr(error->text, "redefinition of") || strstr(error->text, "redeclaration");
    const char *name = diagnose_name(c->pool, error);
    const struct name *known = names_find(&c->past_names, SPACE_ORDINARY, name, strlen(name));
    bool taught = false, header = known && known->item < 0 && known->kind == NAME_FUNCTION;
    for (size_t i = 0; i < plan->changed_count; i++)
        taught |= strcmp(plan->changed[i].name, name) == 0;
    if (types && (is_bound(unit, name) || (header && !taught))) {
        teach(c, plan, capacity, name);
        return true;
    }
    bool at_value = unit->shown_line && error->line >= unit->shown_line;
    if (at_value && !plan->show_copy &&
        (strstr(error->text, "lvalue") || strstr(error->text, "pointer"))) {
        plan->show_copy = true;
        return true;
    }
    if (at_value && !plan->show_decayed && strstr(error->text, "initializer must be a literal")) {
        plan->show_decayed = true; /* _Generic and macros may give a string */
        return true;
    }
    return false;
}

static size_t symbol_size(const elf_object *object, const char *name)
{
    for (size_t i = 1; i < object->symbol_count; i++) {
        Elf64_Sym symbol = elf_symbol(object, i);
        if (strcmp(elf_symbol_name(object, &symbol), name) == 0)
            return symbol.st_size;
    }
    return 0;
}

/* Arrays declared `[]`: later units must know their size. */
static void size_arrays(compilation *c, unit *unit, const compiler_result *result)
{
    elf_object object;
    bool open = false;
    for (size_t i = 0; i < unit->defined_count; i++) {
        const defined *d = &unit->defined[i];
        if (!d->unsized)
            continue;
        if (!open && elf_open(&object, result->output, result->size) != NULL)
            return;
        open = true;
        entry *e = &unit->past.list[d->entry];
        const char *brackets = strstr(e->text, "[]");
        size_t size = symbol_size(&object, d->name);
        if (!brackets || !size)
            continue;
        const char *sized = pool_format(c->pool, "%.*s[%zu / sizeof *%s]%s",
                                        (int)(brackets - e->text), e->text, size, d->name,
                                        brackets + 2);
        e->text = pool_format(c->pool, "%s %s", e->text, sized);
        e->names = NULL;
    }
}

static void take_symbols(compilation *c, const unit *unit)
{
    cell_answer *a = c->answer;
    a->symbols = pool_alloc(c->pool, (unit->defined_count + 1) * sizeof *a->symbols);
    for (size_t i = 0; i < unit->defined_count; i++)
        a->symbols[a->symbol_count++] = (lang_symbol){
            unit->defined[i].name, unit->defined[i].is_function, unit->defined[i].bind};
}

/* Warnings about the cell itself become notes. */
static void take_warnings(compilation *c, const compiler_messages *messages)
{
    cell_answer *a = c->answer;
    char own[32];
    snprintf(own, sizeof own, "In[%d]", c->request->number);
    for (size_t i = 0; i < messages->count; i++) {
        const compiler_message *m = &messages->list[i];
        bool repeated = i > 0 && strcmp(m->text, messages->list[i - 1].text) == 0 &&
                        m->line == messages->list[i - 1].line;
        if (strcmp(m->file, own) == 0 && !repeated)
            *POOL_PUSH(c->pool, a->notes, a->note_count, a->note_capacity) =
                pool_format(c->pool, "%s:%d: warning: %s", m->file, m->line, m->text);
    }
}

static void take_unit(compilation *c, const unit *unit, const compiler_result *result)
{
    cell_answer *a = c->answer;
    a->object = result->output;
    a->object_size = result->size;
    a->entry = unit->entry;
    a->main = unit->has_main ? "main" : "";
    a->rest = unit->rest;
    a->rest_done = unit->rest_done;
    a->size_count = unit->size_count;
    a->sizes = unit->sizes;
    a->shown = unit->shown;
    a->shown_address = unit->shown_address;
    take_symbols(c, unit);
    for (size_t i = 0; i < unit->note_count; i++)
        *POOL_PUSH(c->pool, a->notes, a->note_count, a->note_capacity) = unit->notes[i];
    past *kept = pool_alloc(c->pool, sizeof *kept);
    *kept = unit->past;
    a->past = kept;
}

static unit_plan make_plan(compilation *c, const items *items)
{
    return (unit_plan){.pool = c->pool, .before = c->request->past, .items = items,
                      .names = &c->names, .past_names = &c->past_names, .includes = c->includes,
                      .include_count = c->include_count, .number = c->request->number,
                      .text = c->text, .mode = c->request->mode, .done = c->request->done,
                      .sizes = c->request->sizes, .size_count = c->request->size_count};
}

/* --- The system compiler -------------------------------------------------------------------- */

static bool fail_refusal(compilation *c, const unit *unit)
{
    if (!unit->refusal)
        return false;
    fail_plain(c, unit->refusal, unit->refusal_line, 0, 1);
    if (unit->refusal_is_value)
        c->answer->ename = "ValueError";
    return true;
}

/* A declaration at LINE is one that only the system compiler understands. */
static bool give_to_native(compilation *c, items *items, int line)
{
    for (size_t i = 0; i < items->count; i++) {
        item *item = &items->list[i];
        bool declares = item->kind == ITEM_DECLARATION || item->kind == ITEM_FUNCTION;
        if (!declares || item->native == NATIVE_ALL || item->line > line ||
            item->tokens.list[item->end - 1].line < line)
            continue;
        item->native = NATIVE_ALL;
        route_mark(c->pool, &c->names, c->request->past, items);
        return true;
    }
    return false;
}

/* A header of the cell is what TinyCC stumbles over: only the system compiler shall read it. */
static bool give_headers_to_native(compilation *c, const compiler_message *error)
{
    bool any = false;
    for (size_t i = 0; strcmp(error->file, "header") == 0 && i < c->include_count; i++) {
        any |= !c->includes[i].native;
        c->includes[i].native = true;
    }
    return any;
}

/* TinyCC's part of a native cell: its types, room for its objects, the type of its value. */
static bool compile_types(compilation *c, items *items, unit_plan *plan, size_t *capacity,
                          unit *unit, compiler_result *result)
{
    plan->target = UNIT_TYPES;
    plan->whole = true;
    for (int attempt = 0;; attempt++) {
        unit_write(plan, unit);
        if (fail_refusal(c, unit))
            return false;
        *result = compiler_run(c->pool, &headers_default()->paths, unit->text);
        compiler_messages messages = diagnose_read(c->pool, result->messages);
        const compiler_message *error = diagnose_error(&messages);
        if (result->ok && !error) {
            size_arrays(c, unit, result);
            return true;
        }
        bool at_value = error && unit->shown_line && error->line >= unit->shown_line;
        if (attempt < ATTEMPTS && error && learn(c, plan, capacity, unit, error))
            continue;
        if (attempt < ATTEMPTS && at_value && !plan->show_native)
            plan->show_native = true;
        else if (!error || attempt == ATTEMPTS ||
                 !(give_headers_to_native(c, error) || give_to_native(c, items, error->line))) {
            fail_compiler(c, result->messages, result->signal);
            return false;
        }
    }
}

/* All the errors that the compiler found, the first one in full. */
static void fail_native(compilation *c, const char *command, const char *messages, int signal)
{
    enum { ERRORS = 5 };
    compiler_messages list = diagnose_read(c->pool, messages);
    const compiler_message *first = diagnose_error(&list);
    if (!first) {
        fail_plain(c, pool_format(c->pool, signal ? "%s crashed on this cell"
                                                  : "%s refuses this cell without saying why",
                                  native_title(c->pool, command)), 1, 1, 1);
        return;
    }
    text all = {.pool = c->pool};
    diagnosis told = {0};
    for (size_t i = 0, count = 0; i < list.count && count < ERRORS; i++) {
        const compiler_message *m = &list.list[i];
        if (m->is_warning && m != first)
            continue;
        diagnosis one = diagnose(c->pool, m, c->request->text, c->request->size,
                                 c->request->number, &c->names);
        text_format(&all, "%s%s", count ? "\n" : "", one.traceback);
        if (count++ == 0)
            told = one;
    }
    told.traceback = text_string(&all);
    fail(c, "CompileError", told);
}

/* %cflags and %include-dir before what is said for this cell. */
static const char *all_options(compilation *c, const char *options)
{
    text out = {.pool = c->pool};
    const char *folders = c->request->folders ? c->request->folders : "";
    for (const char *at = folders; *at; at += strspn(at, "\n")) {
        size_t length = strcspn(at, "\n");
        text_format(&out, "-I%.*s ", (int)length, at);
        at += length;
    }
    text_format(&out, "%s %s", options, c->request->flags ? c->request->flags : "");
    return text_string(&out);
}

/* Compile the cell by COMMAND. False: it failed, and the answer says why. */
static bool compile_natively(compilation *c, items *items, const char *command,
                             const char *options)
{
    options = all_options(c, options);
    unit_plan plan = make_plan(c, items);
    size_t capacity = 0;
    route_mark(c->pool, &c->names, c->request->past, items);
    refusal foreign = route_find_foreign(c->pool, &c->names, c->request->past, items);
    if (foreign.reason) {
        fail_plain(c, foreign.reason, foreign.token->line, column_in_cell(c, foreign.token),
                   (int)foreign.token->length);
        return false;
    }
    for (int attempt = 0;; attempt++) {
        unit types, code;
        compiler_result described, compiled;
        if (!compile_types(c, items, &plan, &capacity, &types, &described))
            return false;
        plan.target = UNIT_NATIVE;
        plan.types = &types;
        unit_write(&plan, &code);
        if (fail_refusal(c, &code))
            return false;
        compiled = native_run(c->pool, command, options, headers_default()->paths.notebook_include,
                              code.text);
        compiler_messages messages = diagnose_read(c->pool, compiled.messages);
        const compiler_message *error = diagnose_error(&messages);
        if (compiled.ok && !error) {
            code.past.list = types.past.list; /* the same, with the sizes of arrays */
            take_warnings(c, &messages);
            take_unit(c, &code, &described);
            c->answer->native = compiled.output;
            c->answer->native_size = compiled.size;
            if (plan.show_native)
                c->answer->shown = c->answer->shown_address = "";
            return true;
        }
        if (!error || attempt == ATTEMPTS || !learn(c, &plan, &capacity, &code, error)) {
            fail_native(c, command, compiled.messages, compiled.signal);
            return false;
        }
    }
}

static void note_native(compilation *c, const char *command, const char *why)
{
    cell_answer *a = c->answer;
    const char *advice = strstr(why, "; put the cell");
    if (!advice)
        advice = strstr(why, ", or put the cell");
    *POOL_PUSH(c->pool, a->notes, a->note_count, a->note_capacity) =
        pool_format(c->pool, "compiled by %s: %.*s", native_title(c->pool, command),
                    (int)(advice ? (size_t)(advice - why) : strlen(why)), why);
}

/* What TinyCC does not understand may be good C all the same. */
static bool rescue(compilation *c, items *items, const compiler_message *error)
{
    const char *command = native_find(c->pool);
    if (!command || !error)
        return false;
    cell_answer before = *c->answer;
    if (compile_natively(c, items, command, plain_options)) {
        note_native(c, command, pool_format(c->pool, "TinyCC says, %s", error->text));
        return true;
    }
    *c->answer = before;
    return false;
}

/* The cell, or what is in it, is not for TinyCC. */
static void compile_elsewhere(compilation *c, items *items, refusal why)
{
    const char *command = native_find(c->pool);
    const char *options = c->request->native;
    if (!command && options) {
        fail_plain(c, "there is no gcc or clang here, or XTINYCC_CC switches it off: %%native "
                      "needs one", 1, 1, 1);
        c->answer->ename = "NativeUnavailable";
    } else if (!command) {
        fail_plain(c, why.reason, why.token->line, column_in_cell(c, why.token),
                   (int)why.token->length);
    } else if (compile_natively(c, items, command, options ? options : plain_options) &&
               !options && c->request->done == 0) {
        note_native(c, command, why.reason);
    }
}

/* What suffices for most cells: with what its names reach, and no word from the compiler. */
static bool compile_quickly(compilation *c, const items *items)
{
    unit_plan plan = make_plan(c, items);
    unit unit;
    unit_write(&plan, &unit);
    if (unit.refusal)
        return false;
    compiler_result result = compiler_run_here(c->pool, &headers_default()->paths, unit.text);
    if (!result.ok || *result.messages || (result.mended && refuse_mended(c->scope).reason))
        return false;
    size_arrays(c, &unit, &result);
    take_unit(c, &unit, &result);
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
        better.column = column_in_cell(c, t);
        fail(c, "CompileError", diagnose(c->pool, &better, c->request->text, c->request->size,
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
    unit_plan plan = make_plan(c, items);
    plan.whole = true;
    size_t capacity = 0;
    for (int attempt = 0;; attempt++) {
        unit unit;
        unit_write(&plan, &unit);
        if (fail_refusal(c, &unit))
            return;
        compiler_result result = compiler_run(c->pool, &headers_default()->paths, unit.text);
        compiler_messages messages = diagnose_read(c->pool, result.messages);
        const compiler_message *error = diagnose_error(&messages);
        bool good = result.ok && !error;
        refusal doubt = good && result.mended ? refuse_mended(c->scope) : (refusal){0};
        if (doubt.reason) {
            compile_elsewhere(c, items, doubt);
            return;
        }
        if (good) {
            take_warnings(c, &messages);
            size_arrays(c, &unit, &result);
            take_unit(c, &unit, &result);
            return;
        }
        if (!error || attempt == ATTEMPTS || !learn(c, &plan, &capacity, &unit, error)) {
            if (!rescue(c, items, error) && !fail_unknown_type(c, items, error))
                fail_compiler(c, result.messages, result.signal);
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
    if (find_magic(&c))
        return;
    c.past_names = *request->past_names;
    c.names = (names){.below = &c.past_names, .pool = pool};
    if (!resolve_conditionals(&c) || !expand_includes(&c))
        return;
    items items = split(pool, &c.names, c.text, c.size,
                        pool_format(pool, "In[%d]", request->number));
    if (items.status != SPLIT_OK) {
        const token *t = items.problem_token;
        int column = column_in_cell(&c, t);
        fail_plain(&c, items.problem, items.problem_line, column, column ? (int)t->length : 1);
        return;
    }
    refusal why = {c.native_include, c.native_token};
    type_scope scope = cell_scope(&c, &items);
    c.scope = &scope;
    if (!why.reason)
        why = route_find(&scope);
    mend_items(&scope, &items);
    if (macro_is_spent(pool)) /* what was not looked at might be compiled wrongly */
        fail_plain(&c, "the macros of this cell stand for too much to be looked at; divide the cell",
                   1, 1, 1);
    else if (request->native || why.reason)
        compile_elsewhere(&c, &items, why);
    else
        compile(&c, &items);
}
