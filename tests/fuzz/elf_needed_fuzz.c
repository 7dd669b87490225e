/* Read the names of needed libraries; each must end inside the file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elf_needed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *file = malloc(size ? size : 1); /* its own block, for the address sanitizer */
    memcpy(file, data, size);
    const char *name;
    for (int i = 0; i < 100 && (name = nn__elf_needed(file, size, i)); i++)
        if (name < (char *)file || name + strlen(name) >= (char *)file + size)
            abort();
    free(file);
    return 0;
}
