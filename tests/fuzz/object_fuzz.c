/* Load a damaged object, then walk all that the loader has kept of it: symbols, lines, values. */
#include <stdint.h>
#include <stdlib.h>

#include "debug.h"
#include "loader_internal.h"
#include "stabs.h"
#include "value.h"

static void walk(const loader_t *loader, int number)
{
    const image_t *image = loader->images[number];
    for (size_t i = 0; image->stabs && i < image->stabs->count; i++) {
        const stab_t *entry = &image->stabs->entries[i];
        wire_buf text = {0};
        char frame[64] = {0}, line[200];
        value_text(loader, number, entry->name, frame, &text);
        value_type_text(loader, number, entry->name, &text);
        wire_buf_free(&text);
        debug_place place;
        if (debug_locate(loader, (uintptr_t)entry->value, &place))
            debug_frame_text(loader, &place, place.start, (uintptr_t)frame, line, sizeof line);
    }
}

static void ignore(void (*function)(void), int cell)
{
    (void)function;
    (void)cell;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[256];
    int image;
    loader_t *loader = loader_create(NULL, error, sizeof error);
    if (!loader)
        abort();
    loader->run_constructor = ignore;
    lang_unit unit = {.ok = true, .object = data, .object_size = size};
    if (loader_load(loader, &unit, 1, &image, error, sizeof error) == 0 && image >= 0)
        walk(loader, image);
    loader_free(loader);
    return 0;
}
