#include "stabs.h"

#include <stdlib.h>
#include <string.h>

/* An entry in the file. */
typedef struct file_stab {
    uint32_t text;
    uint8_t type, other;
    uint16_t desc;
    uint32_t value;
} file_stab;

void stabs_free(stabs_t *stabs)
{
    if (stabs) {
        free(stabs->entries);
        free(stabs->texts);
        free(stabs);
    }
}

static size_t find_section(const elf_object *object, const char *name)
{
    for (size_t i = 1; i < object->section_count; i++) {
        if (strcmp(elf_section_name(object, i), name) == 0 && elf_section_data(object, i))
            return i;
    }
    return 0;
}

/* Values that are addresses come from the section's relocations. */
static void relocate(stabs_t *stabs, const elf_object *object, size_t stab_section,
                     void *const *values)
{
    for (size_t i = 1; i < object->section_count; i++) {
        Elf64_Shdr section = elf_section(object, i);
        if (section.sh_type != SHT_RELA || section.sh_info != stab_section)
            continue;
        size_t count = elf_rela_count(object, &section);
        for (size_t k = 0; k < count; k++) {
            Elf64_Rela rela;
            if (!elf_rela(object, &section, k, &rela))
                continue;
            size_t index = rela.r_offset / sizeof(file_stab);
            if (index < stabs->count)
                stabs->entries[index].value =
                    (int64_t)((uintptr_t)values[ELF64_R_SYM(rela.r_info)] +
                              (uint64_t)rela.r_addend);
        }
    }
}

stabs_t *stabs_read(const elf_object *object, void *const *values)
{
    size_t section = find_section(object, ".stab");
    size_t text_section = find_section(object, ".stabstr");
    if (!section || !text_section)
        return NULL;
    size_t count = elf_section(object, section).sh_size / sizeof(file_stab);
    size_t text_size = elf_section(object, text_section).sh_size;
    stabs_t *stabs = calloc(1, sizeof *stabs);
    if (!stabs)
        return NULL;
    stabs->entries = calloc(count + 1, sizeof *stabs->entries);
    stabs->texts = malloc(text_size + 1);
    if (!stabs->entries || !stabs->texts) {
        stabs_free(stabs);
        return NULL;
    }
    memcpy(stabs->texts, elf_section_data(object, text_section), text_size);
    stabs->texts[text_size] = '\0';
    stabs->count = count;
    const char *data = elf_section_data(object, section);
    for (size_t i = 0; i < count; i++) {
        file_stab entry;
        memcpy(&entry, data + i * sizeof entry, sizeof entry);
        stabs->entries[i] = (stab_t){
            .text = entry.text < text_size ? stabs->texts + entry.text : "",
            .type = entry.type,
            .desc = entry.desc,
            .value = (int32_t)entry.value,
        };
    }
    relocate(stabs, object, section, values);
    return stabs;
}
