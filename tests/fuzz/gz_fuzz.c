/* Read a byte source in pieces of a size that the first byte chooses; it must come to an end. */
#include <stdint.h>
#include <stdlib.h>

#include "byte_source.h"
#include "memory_file.h"

#define MOST ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t buffer[256];
    nn_byte_source *source;
    if (size < 1)
        return 0;
    size_t piece = data[0] ? data[0] : sizeof buffer, got = piece, total = 0;
    int fd = nn__memory_file("fuzz", data + 1, size - 1);
    if (fd < 0 || nn__byte_source_open(fd, "fuzz", &source) != NN_OK)
        return 0;
    while (got == piece && total < MOST) {
        if (nn__byte_source_read(source, buffer, piece, &got) != NN_OK)
            break;
        if (got > piece)
            abort();
        total += got;
    }
    nn__byte_source_close(source);
    return 0;
}
