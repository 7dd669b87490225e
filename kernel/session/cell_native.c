/* Cells of the system compiler: with %%native, or because TinyCC cannot express what is in them. */
#include <string.h>

#include "cell_internal.h"
#include "native.h"
#include "route.h"

/* Of cells that go to the system compiler by themselves: close to what TinyCC does. */
static const char plain_options[] = "-O2 -fno-strict-aliasing -fwrapv";

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
        if (cell_fail_refusal(c, unit))
            return false;
        *result = compiler_run(c->pool, &headers_default()->paths, unit->text);
        compiler_messages messages = diagnose_read(c->pool, result->messages);
        const compiler_message *error = diagnose_error(&messages);
        if (result->ok && !error) {
            cell_size_arrays(c, unit, result);
            return true;
        }
        bool at_value = error && unit->shown_line && error->line >= unit->shown_line;
        if (attempt < CELL_ATTEMPTS && error && cell_learn(c, plan, capacity, unit, error))
            continue;
        if (attempt < CELL_ATTEMPTS && at_value && !plan->show_native)
            plan->show_native = true;
        else if (!error || attempt == CELL_ATTEMPTS ||
                 !(give_headers_to_native(c, error) || give_to_native(c, items, error->line))) {
            cell_fail_compiler(c, result->messages, result->signal);
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
        cell_fail_plain(c,
                        pool_format(c->pool,
                                    signal ? "%s crashed on this cell"
                                           : "%s refuses this cell without saying why",
                                    native_title(c->pool, command)),
                        1, 1, 1);
        return;
    }
    text all = {.pool = c->pool};
    diagnosis told = {0};
    for (size_t i = 0, count = 0; i < list.count && count < ERRORS; i++) {
        const compiler_message *m = &list.list[i];
        bool repeated = i > 0 && strcmp(m->text, list.list[i - 1].text) == 0 &&
                        m->line == list.list[i - 1].line;
        bool own = strstr(m->text, "__builtin_choose_expr") != NULL; /* of unit_show.c */
        if ((m->is_warning || repeated || own) && m != first)
            continue;
        diagnosis one =
            diagnose(c->pool, m, c->request->text, c->request->size, c->request->number, &c->names);
        text_format(&all, "%s%s", count ? "\n" : "", one.traceback);
        if (count++ == 0)
            told = one;
    }
    told.traceback = text_string(&all);
    cell_fail(c, "CompileError", told);
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
static bool compile_natively(compilation *c, items *items, const char *command, const char *options)
{
    options = all_options(c, options);
    unit_plan plan = cell_plan(c, items);
    size_t capacity = 0;
    route_mark(c->pool, &c->names, c->request->past, items);
    refusal foreign = route_find_foreign(c->pool, &c->names, c->request->past, items);
    if (foreign.reason) {
        cell_fail_plain(c, foreign.reason, foreign.token->line, cell_column(c, foreign.token),
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
        if (cell_fail_refusal(c, &code))
            return false;
        compiled = native_run(c->pool, command, options, headers_default()->paths.notebook_include,
                              code.text);
        compiler_messages messages = diagnose_read(c->pool, compiled.messages);
        const compiler_message *error = diagnose_error(&messages);
        if (compiled.ok && !error) {
            code.past.list = types.past.list; /* the same, with the sizes of arrays */
            cell_take_warnings(c, &messages);
            cell_take_unit(c, &code, &described);
            c->answer->native = compiled.output;
            c->answer->native_size = compiled.size;
            if (plan.show_native)
                c->answer->shown = c->answer->shown_address = "";
            return true;
        }
        if (!error || attempt == CELL_ATTEMPTS || !cell_learn(c, &plan, &capacity, &code, error)) {
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

bool cell_rescue(compilation *c, items *items, const compiler_message *error)
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

void cell_compile_elsewhere(compilation *c, items *items, refusal why)
{
    const char *command = native_find(c->pool);
    const char *options = c->request->native;
    if (!command && options) {
        cell_fail_plain(c,
                        "there is no gcc or clang here, or XTINYCC_CC switches it off: %%native "
                        "needs one",
                        1, 1, 1);
        c->answer->ename = "NativeUnavailable";
    } else if (!command) {
        cell_fail_plain(c, why.reason, why.token->line, cell_column(c, why.token),
                        (int)why.token->length);
    } else if (compile_natively(c, items, command, options ? options : plain_options) && !options &&
               c->request->done == 0) {
        note_native(c, command, why.reason);
    }
}
