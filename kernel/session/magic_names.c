/* What the session knows: %who, %source, name? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "magic.h"
#include "value_print.h"

enum {
    VALUE_MAX = 60, /* bytes of a value in %who */
    NAME_MAX_WIDTH = 24,
    TYPE_MAX_WIDTH = 32 /* what is longer pushes its line to the right */
};

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

/* The type: from the debug information, or as the session's text declares it. */
static char *make_type(const magic_call *call, const symbol_t *symbol, const stab_t *stab,
                       int *cell)
{
    char *declared = lang_declared_type(session_lang(call->session), symbol->name, cell);
    if (symbol->is_function || !stab)
        return declared ? declared : strdup(symbol->is_function ? "function" : "?");
    free(declared);
    wire_buf spelled = {0};
    text_sink sink = {.buffer = &spelled};
    debug_type_spell(&sink, stab->type, symbol->is_function ? "()" : "");
    char *text = strndup(spelled.data ? spelled.data : "", spelled.size);
    wire_buf_free(&spelled);
    return text;
}

/* On one line, cut to VALUE_MAX bytes. */
static char *make_value(const loader_t *loader, const symbol_t *symbol, const stab_t *stab)
{
    wire_buf out = {0};
    text_sink sink = {.buffer = &out};
    printer_t printer = {.sink = &sink, .loader = loader, .max_elements = 6, .head = 4, .tail = 1,
                         .max_text = VALUE_MAX, .max_depth = 2};
    if (stab && !symbol->is_function)
        print_value(&printer, debug_type_resolve(stab->type), symbol->address);
    size_t cut = out.size;
    if (cut > VALUE_MAX) {
        for (cut = VALUE_MAX; cut > 0 && ((unsigned char)out.data[cut] & 0xC0) == 0x80;)
            cut--;
    }
    char *text = malloc(cut + 4);
    size_t used = 0;
    for (size_t i = 0; text && i < cut; i++)
        if (out.data[i] != '\n') /* of a matrix; a blank follows */
            text[used++] = out.data[i];
    if (text)
        strcpy(text + used, cut < out.size ? "..." : "");
    wire_buf_free(&out);
    return text;
}

/* A line of the table; texts are malloc'ed. */
typedef struct row {
    const symbol_t *symbol;
    char *type, *value;
    int cell;
} row;

static int at_most(size_t length, int most)
{
    return length < (size_t)most ? (int)length : most;
}

static void print_rows(const magic_call *call, const row *rows, size_t count)
{
    int name = 4, type = 4;
    for (size_t i = 0; i < count; i++) {
        int length = at_most(strlen(rows[i].symbol->name), NAME_MAX_WIDTH);
        name = length > name ? length : name;
        length = at_most(strlen(rows[i].type), TYPE_MAX_WIDTH);
        type = length > type ? length : type;
    }
    magic_print(call, "%-*s  %-*s  %8s  %-7s  %s\n", name, "name", type, "type", "bytes", "cell",
                "value");
    for (size_t i = 0; i < count; i++) {
        const symbol_t *symbol = rows[i].symbol;
        char size[24] = "", cell[24];
        if (!symbol->is_function)
            snprintf(size, sizeof size, "%zu", symbol->size);
        snprintf(cell, sizeof cell, "In[%d]", rows[i].cell);
        magic_print(call, "%-*s  %-*s  %8s  %-*s%s%s\n", name, symbol->name, type, rows[i].type,
                    size, *rows[i].value ? 7 : 0, cell, *rows[i].value ? "  " : "",
                    rows[i].value);
    }
}

bool magic_who(const magic_call *call)
{
    const loader_t *loader = session_loader(call->session);
    size_t count;
    const symbol_t **symbols = list_symbols(loader, &count);
    row *rows = calloc(count + 1, sizeof *rows);
    bool good = symbols && rows;
    for (size_t i = 0; good && i < count; i++) {
        const stab_t *stab = find_stab(loader, symbols[i]);
        rows[i] = (row){.symbol = symbols[i], .value = make_value(loader, symbols[i], stab),
                        .cell = loader->images[symbols[i]->image]->cell};
        rows[i].type = make_type(call, symbols[i], stab, &rows[i].cell);
        good = rows[i].type && rows[i].value;
    }
    if (!good)
        magic_fail(call, "MemoryError", "no memory for the table");
    else if (count == 0)
        magic_print(call, "nothing is defined yet\n");
    else
        print_rows(call, rows, count);
    for (size_t i = 0; rows && i < count; i++) {
        free(rows[i].type);
        free(rows[i].value);
    }
    free(rows);
    free(symbols);
    return true;
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
