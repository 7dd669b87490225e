/* What compiling a cell needs before and gives after: plan, lessons, symbols, sizes, notes. */
#include <stdio.h>
#include <string.h>

#include "cell_internal.h"
#include "elf_object.h"

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

bool cell_learn(compilation *c, unit_plan *plan, size_t *capacity, const unit *unit,
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

void cell_size_arrays(compilation *c, unit *unit, const compiler_result *result)
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
        const char *sized =
            pool_format(c->pool, "%.*s[%zu / sizeof *%s]%s", (int)(brackets - e->text), e->text,
                        size, d->name, brackets + 2);
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

void cell_take_warnings(compilation *c, const compiler_messages *messages)
{
    cell_answer *a = c->answer;
    char own[32];
    snprintf(own, sizeof own, "In[%d]", c->request->number);
    for (size_t i = 0; i < messages->count; i++) {
        const compiler_message *m = &messages->list[i];
        bool repeated = false;
        for (size_t k = 0; k < i; k++)
            repeated |= m->line == messages->list[k].line &&
                        strcmp(m->text, messages->list[k].text) == 0;
        if (strcmp(m->file, own) == 0 && !repeated)
            *POOL_PUSH(c->pool, a->notes, a->note_count, a->note_capacity) =
                pool_format(c->pool, "%s:%d: warning: %s", m->file, m->line, m->text);
    }
}

void cell_take_unit(compilation *c, const unit *unit, const compiler_result *result)
{
    cell_answer *a = c->answer;
    a->object = result->output;
    a->object_size = result->size;
    a->entry = unit->entry;
    a->main = unit->main;
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

unit_plan cell_plan(compilation *c, const items *items)
{
    return (unit_plan){.pool = c->pool,
                       .before = c->request->past,
                       .items = items,
                       .names = &c->names,
                       .past_names = &c->past_names,
                       .includes = c->includes,
                       .include_count = c->include_count,
                       .number = c->request->number,
                       .text = c->text,
                       .mode = c->request->mode,
                       .done = c->request->done,
                       .sizes = c->request->sizes,
                       .size_count = c->request->size_count};
}
