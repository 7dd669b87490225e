#include "value.h"

#include "value_print.h"

#include <string.h>

/* The type of the object to show, or NULL. */
static const debug_type *shown_type(const loader_t *loader, int image, const char *shown)
{
    if (image < 0 || image >= loader->image_count || !loader->images[image]->stabs)
        return NULL;
    const stabs_t *stabs = loader->images[image]->stabs;
    for (size_t i = stabs->count; i-- > 0;) {
        const stab_t *entry = &stabs->entries[i];
        if (entry->type && strcmp(entry->name, shown) == 0) {
            const debug_type *type = debug_type_resolve(entry->type);
            if (type->kind == TYPE_POINTER)
                return debug_type_resolve(type->target);
        }
    }
    return NULL;
}

int value_text(const loader_t *loader, int image, const char *shown, const void *address,
               wire_buf *out)
{
    const debug_type *type = shown_type(loader, image, shown);
    if (!type || type->kind == TYPE_VOID || type->kind == TYPE_UNKNOWN)
        return -1;
    text_sink sink = {.buffer = out};
    printer_t printer = {.sink = &sink, .loader = loader, .max_elements = 20, .head = 10,
                         .tail = 3, .max_text = 1000, .max_depth = 3};
    print_value(&printer, type, address);
    return 0;
}

int value_type_text(const loader_t *loader, int image, const char *shown, wire_buf *out)
{
    const debug_type *type = shown_type(loader, image, shown);
    if (!type || type->kind == TYPE_UNKNOWN)
        return -1;
    text_sink sink = {.buffer = out};
    debug_type_spell(&sink, type, "");
    return 0;
}
