/* Any bytes as a document for nb-draw: what is read can be laid out, and drawn if it fits. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "document_draw.h"
#include "document_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *reason = NULL;
    char why[400] = "";
    document *d = document_read(data, size, &reason);
    if (!d) {
        if (!reason)
            abort();
        return 0;
    }
    canvas *page = canvas_new(CANVAS_PDF, d->width, d->height, 0);
    int pages = page ? document_draw(page, d, why, sizeof why) : -1;
    if (pages > d->most_pages || (pages == 0 && !why[0]) || pages < 0)
        abort();
    canvas_free(page);
    document_free(d);
    return 0;
}
