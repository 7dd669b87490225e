#include "stabs.h"

#include <stdlib.h>
#include <string.h>

/* An entry in the file. */
typedef struct file_stab {
    uint32_t text;
    uint8_t kind, other;
    uint16_t line;
    uint32_t value;
} file_stab;

typedef struct stabs_block {
    struct stabs_block *next;
    size_t used, size;
    _Alignas(16) char data[];
} stabs_block;

void *stabs_allocate(stabs_t *stabs, size_t size)
{
    enum { BLOCK = 1000 };
    size = (size + 7) & ~(size_t)7;
    stabs_block *block = stabs->blocks;
    if (!block || block->size - block->used < size) {
        size_t room = size > BLOCK ? size : BLOCK;
        block = calloc(1, sizeof *block + room);
        if (!block)
            return NULL;
        block->size = room;
        block->next = stabs->blocks;
        stabs->blocks = block;
    }
    void *at = block->data + block->used;
    block->used += size;
    return at;
}

const char *stabs_keep_text(stabs_t *stabs, const char *text, size_t length)
{
    if (length == 0)
        return "";
    char *copy = stabs_allocate(stabs, length + 1);
    if (copy)
        memcpy(copy, text, length);
    return copy ? copy : "";
}

void stabs_free(stabs_t *stabs)
{
    if (!stabs)
        return;
    while (stabs->blocks) {
        stabs_block *next = stabs->blocks->next;
        free(stabs->blocks);
        stabs->blocks = next;
    }
    free(stabs->entries);
    free(stabs->types);
    free(stabs);
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
static void relocate(int64_t *addresses, size_t count, const elf_object *object,
                     size_t stab_section, void *const *values)
{
    for (size_t i = 1; i < object->section_count; i++) {
        Elf64_Shdr section = elf_section(object, i);
        if (section.sh_type != SHT_RELA || section.sh_info != stab_section)
            continue;
        size_t relas = elf_rela_count(object, &section);
        for (size_t k = 0; k < relas; k++) {
            Elf64_Rela rela;
            if (!elf_rela(object, &section, k, &rela))
                continue;
            size_t index = rela.r_offset / sizeof(file_stab);
            if (index < count)
                addresses[index] = (int64_t)((uintptr_t)values[ELF64_R_SYM(rela.r_info)] +
                                             (uint64_t)rela.r_addend);
        }
    }
}

/* "name:p1": keep the name and read the type. False for an entry that only defines a type. */
static bool read_symbol(stabs_t *stabs, stab_t *entry, const char *text)
{
    const char *colon = strchr(text, ':');
    if (!colon) {
        entry->name = stabs_keep_text(stabs, text, strlen(text));
        return true;
    }
    const char *at = colon + 1;
    char class = *at;
    if (class == 't' && stabs_basic_type(stabs, text, (size_t)(colon - text), at + 1))
        return false;
    if (class && strchr("tTGSVFfp", class))
        at++;
    entry->name = stabs_keep_text(stabs, text, (size_t)(colon - text));
    const debug_type *type = stabs_parse_type(stabs, &at, 0);
    if (class == 't' || class == 'T') {
        stabs_name_type(type, entry->name); /* a tag belongs to the type */
        return false;
    }
    entry->type = type;
    return true;
}

static bool is_wanted(uint8_t kind)
{
    switch (kind) {
    case N_GSYM:
    case N_FUN:
    case N_STSYM:
    case N_LCSYM:
    case N_SLINE:
    case N_SO:
    case N_LSYM:
    case N_SOL:
    case N_PSYM:
    case N_LBRAC:
    case N_RBRAC:
        return true;
    }
    return false;
}

static void read_entries(stabs_t *stabs, const char *data, size_t count, const int64_t *addresses,
                         const char *texts, size_t text_size)
{
    const char *last_file = "";
    for (size_t i = 0; i < count; i++) {
        file_stab raw;
        memcpy(&raw, data + i * sizeof raw, sizeof raw);
        if (!is_wanted(raw.kind))
            continue;
        const char *text = raw.text < text_size ? texts + raw.text : "";
        stab_t entry = {.name = "", .kind = raw.kind, .line = raw.line};
        entry.value = addresses[i] ? addresses[i] : (int32_t)raw.value;
        if (raw.kind == N_SO || raw.kind == N_SOL) {
            if (strcmp(text, last_file) != 0)
                last_file = stabs_keep_text(stabs, text, strlen(text));
            entry.name = last_file;
        } else if (*text && !read_symbol(stabs, &entry, text)) {
            continue;
        }
        stabs->entries[stabs->count++] = entry;
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
    int64_t *addresses = calloc(count + 1, sizeof *addresses);
    char *texts = malloc(text_size + 1);
    if (stabs)
        stabs->entries = calloc(count + 1, sizeof *stabs->entries);
    if (stabs && stabs->entries && addresses && texts) {
        memcpy(texts, elf_section_data(object, text_section), text_size);
        texts[text_size] = '\0';
        relocate(addresses, count, object, section, values);
        read_entries(stabs, elf_section_data(object, section), count, addresses, texts,
                     text_size);
        stab_t *fit = realloc(stabs->entries, (stabs->count + 1) * sizeof *fit);
        if (fit)
            stabs->entries = fit;
        free(stabs->types);
        stabs->types = NULL;
    } else {
        stabs_free(stabs);
        stabs = NULL;
    }
    free(addresses);
    free(texts);
    return stabs;
}
