/* What the session knows: %who, %whos, %source, name? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "magic.h"
#include "value_print.h"

#define VALUE_MAX 60 /* bytes of a value in %whos */

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const symbol_t *const *)a)->name, (*(const symbol_t *const *)b)->name);
}

/* The session's own names, sorted; the caller frees the array. NULL: none, or no memory. */
static const symbol_t **list_symbols(const loader_t *loader, size_t *count)
{
    const symbol_table *table = &loader->session;
    const symbol_t **list = malloc((table->count + 1) * sizeof *list);
    *count = 0;
    for (size_t i = 0; list && i < table->capacity; i++) {
        const symbol_t *s = table->slots[i];
        if (s && !s->is_undefined && s->image >= 0 && strncmp(s->name, "__", 2) != 0)
            list[(*count)++] = s;
    }
    if (list)
        qsort(list, *count, sizeof list[0], by_name);
    return list;
}

/* What the unit's debug information says about the symbol; NULL if nothing. */
static const stab_t *find_stab(const loader_t *loader, const symbol_t *symbol)
{
    const stabs_t *stabs = loader->images[symbol->image]->stabs;
    for (size_t i = 0; stabs && i < stabs->count; i++) {
        const stab_t *s = &stabs->entries[i];
        bool fits = symbol->is_function ? s->kind == N_FUN
                                        : s->kind == N_GSYM || s->kind == N_STSYM ||
                                              s->kind == N_LCSYM;
        if (fits && s->type && strcmp(s->name, symbol->name) == 0)
            return s;
    }
    return NULL;
}

static void put_type(wire_buf *out, const symbol_t *symbol, const stab_t *stab)
{
    text_sink sink = {.buffer = out};
    if (!stab)
        sink_text(&sink, symbol->is_function ? "function" : "?");
    else if (symbol->is_function)
        debug_type_spell(&sink, stab->type, "()");
    else
        debug_type_spell(&sink, stab->type, "");
}

static void put_value(wire_buf *out, const loader_t *loader, const symbol_t *symbol,
                      const stab_t *stab)
{
    if (!stab || symbol->is_function)
        return;
    text_sink sink = {.buffer = out};
    printer_t printer = {.sink = &sink, .loader = loader, .max_elements = 6, .head = 4, .tail = 1,
                         .max_text = VALUE_MAX, .max_depth = 2};
    print_value(&printer, debug_type_resolve(stab->type), symbol->address);
    if (out->size <= VALUE_MAX)
        return;
    size_t cut = VALUE_MAX;
    while (cut > 0 && ((unsigned char)out->data[cut] & 0xC0) == 0x80)
        cut--;
    out->size = cut;
    wire_put_raw(out, "...", 3);
}

static void print_row(const magic_call *call, const loader_t *loader, const symbol_t *symbol)
{
    const stab_t *stab = find_stab(loader, symbol);
    wire_buf type = {0}, value = {0};
    put_type(&type, symbol, stab);
    put_value(&value, loader, symbol, stab);
    magic_print(call, "%-16s %-20.*s In[%d]%s%.*s\n", symbol->name, (int)type.size,
                type.data ? type.data : "", loader->images[symbol->image]->cell,
                value.size ? "  " : "", (int)value.size, value.data ? value.data : "");
    wire_buf_free(&type);
    wire_buf_free(&value);
}

static bool list(const magic_call *call, bool with_values)
{
    const loader_t *loader = session_loader(call->session);
    size_t count;
    const symbol_t **symbols = list_symbols(loader, &count);
    if (count == 0)
        magic_print(call, "nothing is defined yet\n");
    for (size_t i = 0; i < count; i++) {
        if (with_values)
            print_row(call, loader, symbols[i]);
        else
            magic_print(call, "%s%s", symbols[i]->name, i + 1 < count ? "  " : "\n");
    }
    free(symbols);
    return true;
}

bool magic_who(const magic_call *call)
{
    return list(call, false);
}

bool magic_whos(const magic_call *call)
{
    return list(call, true);
}

static void fail_unknown(const magic_call *call)
{
    char message[120];
    snprintf(message, sizeof message, "nothing is known of `%.60s`", call->arguments);
    session_fail(call->reply, "ValueError", message, "");
}

bool magic_rm(const magic_call *call)
{
    char *words = strdup(call->arguments), *rest = NULL;
    if (!words)
        return true;
    for (char *word = strtok_r(words, " \t,", &rest); word && !call->reply->ename;
         word = strtok_r(NULL, " \t,", &rest)) {
        int known = session_forget(call->session, word);
        if (known < 0)
            magic_fail(call, "MemoryError", "no memory to forget %.60s", word);
        else if (known == 0)
            magic_fail(call, "ValueError", "no cell has defined `%.60s`", word);
    }
    free(words);
    return true;
}

static bool tell(const magic_call *call, int detail)
{
    size_t length = strlen(call->arguments);
    char *text = lang_describe(session_lang(call->session), call->arguments, length, length,
                               detail);
    if (text)
        magic_print(call, "%s\n", text);
    else
        fail_unknown(call);
    free(text);
    return true;
}

bool magic_source(const magic_call *call)
{
    return tell(call, 1);
}

bool magic_describe(const magic_call *call)
{
    return tell(call, 0);
}
