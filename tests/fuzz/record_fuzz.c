/* Any bytes as a record: what is read can be asked for every member. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "nb_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    static nb__json object;
    if (nb__json_read(text, &object))
        for (size_t i = 0; i < object.count; i++) {
            const char *name = object.members[i].name;
            double values[8];
            if (strlen(nb__json_string(&object, name)) > size ||
                nb__json_numbers(&object, name, values, 8) > 8)
                abort();
            nb__json_number(&object, name);
        }
    free(text);
    return 0;
}
