#include "debug.h"

#include "value_print.h"

#include <string.h>

/* The function of a unit that holds an address: index of its entry, the one behind it, its end. */
typedef struct function_range {
    size_t first, last; /* entries [first, last) belong to it */
    uintptr_t start, end;
} function_range;

static bool find_function(const image_t *image, uintptr_t address, function_range *range)
{
    const stabs_t *stabs = image->stabs;
    bool found = false;
    for (size_t i = 0; i < stabs->count; i++) {
        const stab_t *entry = &stabs->entries[i];
        if (entry->kind != N_FUN || !*entry->name || (uintptr_t)entry->value > address)
            continue;
        if (!found || (uintptr_t)entry->value >= range->start)
            *range = (function_range){.first = i, .start = (uintptr_t)entry->value};
        found = true;
    }
    if (!found)
        return false;
    /* Its last block ends where it ends. */
    range->end = range->start;
    size_t i = range->first + 1;
    for (; i < stabs->count && stabs->entries[i].kind != N_FUN; i++) {
        const stab_t *entry = &stabs->entries[i];
        if (entry->kind == N_RBRAC && range->start + (uintptr_t)entry->value > range->end)
            range->end = range->start + (uintptr_t)entry->value;
    }
    range->last = i;
    return address < range->end;
}

/* The source file in force before entry INDEX. */
static const char *file_before(const stabs_t *stabs, size_t index)
{
    while (index-- > 0) {
        const stab_t *entry = &stabs->entries[index];
        if ((entry->kind == N_SO || entry->kind == N_SOL) && *entry->name)
            return entry->name;
    }
    return "";
}

bool debug_locate(const loader_t *loader, uintptr_t address, debug_place *place)
{
    const image_t *image = loader_find_image(loader, address);
    function_range range;
    if (!image || !image->stabs || !find_function(image, address, &range))
        return false;
    const stabs_t *stabs = image->stabs;
    const char *name = stabs->entries[range.first].name;
    const char *file = file_before(stabs, range.first);
    *place = (debug_place){
        .function = strncmp(name, "__cell", 6) == 0 ? "cell" : name,
        .file = file,
        .line = stabs->entries[range.first].line,
        .start = range.start,
        .end = range.end,
    };
    uintptr_t best = 0;
    for (size_t i = range.first + 1; i < range.last; i++) {
        const stab_t *entry = &stabs->entries[i];
        if (entry->kind == N_SOL && *entry->name)
            file = entry->name;
        if (entry->kind != N_SLINE)
            continue;
        uintptr_t at = range.start + (uintptr_t)entry->value;
        if (at <= address && at >= best) {
            best = at;
            place->line = entry->line;
            place->file = file;
        }
    }
    return true;
}

bool debug_is_line(const loader_t *loader, const debug_place *place, uintptr_t address)
{
    const image_t *image = loader_find_image(loader, place->start);
    function_range range;
    if (!image || !image->stabs || !find_function(image, place->start, &range))
        return false;
    for (size_t i = range.first + 1; i < range.last; i++) {
        const stab_t *entry = &image->stabs->entries[i];
        if (entry->kind == N_SLINE && range.start + (uintptr_t)entry->value == address)
            return true;
    }
    return false;
}

/* --- Variables -------------------------------------------------------------------------- */

static void print_variable(printer_t *printer, const stab_t *entry, uintptr_t frame)
{
    sink_text(printer->sink, entry->name);
    sink_text(printer->sink, " = ");
    print_value(printer, entry->type, (const void *)(frame + (uintptr_t)entry->value));
}

static bool is_hidden(const char *name)
{
    return !*name || strncmp(name, "__", 2) == 0;
}

/* TinyCC lists the variables of a block, last one first, before the block's N_LBRAC. */
static void print_block(printer_t *printer, const stabs_t *stabs, size_t first, size_t bracket,
                        uintptr_t frame)
{
    for (size_t i = bracket; i-- > first;) {
        const stab_t *entry = &stabs->entries[i];
        if (entry->kind != N_LSYM || !entry->type || is_hidden(entry->name))
            continue;
        sink_text(printer->sink, ", ");
        print_variable(printer, entry, frame);
    }
}

/* Where the block that begins with the N_LBRAC at INDEX ends. */
static uintptr_t block_end(const stabs_t *stabs, const function_range *range, size_t index)
{
    int depth = 0;
    for (size_t i = index; i < range->last; i++) {
        if (stabs->entries[i].kind == N_LBRAC)
            depth++;
        else if (stabs->entries[i].kind == N_RBRAC && --depth == 0)
            return range->start + (uintptr_t)stabs->entries[i].value;
    }
    return range->end;
}

size_t debug_frame_text(const loader_t *loader, const debug_place *place, uintptr_t pc,
                        uintptr_t frame, char *out, size_t size)
{
    const image_t *image = loader_find_image(loader, place->start);
    function_range range;
    if (size == 0 || !image || !image->stabs || !find_function(image, place->start, &range))
        return 0;
    const stabs_t *stabs = image->stabs;
    text_sink sink = {.out = out, .size = size - 1};
    printer_t printer = {.sink = &sink, .loader = loader, .max_elements = 6, .head = 3, .tail = 1,
                         .max_text = 40, .max_depth = 1, .in_signal = true};
    bool first = true;
    for (size_t i = range.last; i-- > range.first;) {
        const stab_t *entry = &stabs->entries[i];
        if (entry->kind != N_PSYM || !entry->type)
            continue;
        sink_text(&sink, first ? "" : ", ");
        print_variable(&printer, entry, frame);
        first = false;
    }
    sink_text(&sink, ")");
    size_t since = range.first + 1;
    for (size_t i = since; i < range.last; i++) {
        const stab_t *entry = &stabs->entries[i];
        if (entry->kind != N_LBRAC && entry->kind != N_RBRAC)
            continue;
        uintptr_t begin = range.start + (uintptr_t)entry->value;
        if (entry->kind == N_LBRAC && begin <= pc && pc < block_end(stabs, &range, i))
            print_block(&printer, stabs, since, i, frame);
        since = i + 1;
    }
    out[sink.used] = '\0';
    return sink.used;
}
