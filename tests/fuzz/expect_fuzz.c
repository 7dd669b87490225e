/* Parse the expectations of a golden transcript. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "expect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    expect_file file;
    char error[200] = "";
    if (expect_parse((const char *)data, size, &file, error, sizeof error) < 0)
        return error[0] ? 0 : (abort(), 0);
    for (size_t i = 0; i < file.count; i++)
        for (size_t j = 0; j < file.cells[i].count; j++)
            if (file.cells[i].lines[j].text[file.cells[i].lines[j].size] != '\0')
                abort();
    expect_free(&file);
    return 0;
}
