/* Read a message as a program of reads: one byte chooses each. Every answer must be in bounds. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    size_t choices = data[0] % 64 < size - 1 ? data[0] % 64 : size - 1;
    wire_reader r = wire_read(data + 1 + choices, size - 1 - choices);
    for (size_t i = 0; i < choices; i++) {
        size_t length = 0;
        const char *text = "";
        switch (data[1 + i] % 4) {
        case 0: wire_get_u32(&r); break;
        case 1: wire_get_u64(&r); break;
        case 2: text = wire_get_bytes(&r, &length); break;
        default: text = wire_get_string(&r), length = strlen(text); break;
        }
        if (r.at > r.size || text[length] != '\0')
            abort();
        wire_buf copy = {0};
        wire_put_bytes(&copy, text, length);
        wire_reader again = wire_read(copy.data, copy.size);
        size_t same;
        if (memcmp(wire_get_bytes(&again, &same), text, length) != 0 || same != length)
            abort();
        wire_buf_free(&copy);
    }
    return 0;
}
