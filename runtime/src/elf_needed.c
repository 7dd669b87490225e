#include "elf_needed.h"

#include <elf.h>
#include <string.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define THIS_ORDER ELFDATA2LSB
#else
#define THIS_ORDER ELFDATA2MSB
#endif

typedef struct elf_file {
    const unsigned char *data;
    size_t size;
    Elf64_Ehdr head;
} elf_file;

/* Copy SIZE bytes at OFFSET; 0 if the file has not as many. */
static int copy(const elf_file *f, uint64_t offset, void *to, size_t size)
{
    if (offset > f->size || size > f->size - offset)
        return 0;
    memcpy(to, f->data + offset, size);
    return 1;
}

static int open_file(elf_file *f, const unsigned char *data, size_t size)
{
    *f = (elf_file){.data = data, .size = size};
    return copy(f, 0, &f->head, sizeof f->head) &&
           memcmp(f->head.e_ident, ELFMAG, SELFMAG) == 0 &&
           f->head.e_ident[EI_CLASS] == ELFCLASS64 && f->head.e_ident[EI_DATA] == THIS_ORDER &&
           f->head.e_phentsize == sizeof(Elf64_Phdr);
}

static int segment(const elf_file *f, int i, Elf64_Phdr *s)
{
    return i < f->head.e_phnum &&
           copy(f, f->head.e_phoff + (uint64_t)i * sizeof *s, s, sizeof *s);
}

/* Where in the file the bytes lie that get this address. */
static int offset_of(const elf_file *f, uint64_t address, uint64_t *offset)
{
    Elf64_Phdr s;
    for (int i = 0; segment(f, i, &s); i++)
        if (s.p_type == PT_LOAD && address >= s.p_vaddr && address - s.p_vaddr < s.p_filesz) {
            *offset = s.p_offset + (address - s.p_vaddr);
            return 1;
        }
    return 0;
}

/* The string at an offset, if it ends inside the file. */
static const char *string_at(const elf_file *f, uint64_t offset)
{
    if (offset >= f->size || !memchr(f->data + offset, '\0', f->size - offset))
        return NULL;
    return (const char *)f->data + offset;
}

const char *nn__elf_needed(const unsigned char *data, size_t size, int index)
{
    elf_file f;
    Elf64_Phdr dynamic = {0};
    uint64_t strings = 0, wanted = 0;
    int found = 0, has_strings = 0, seen = 0;
    if (!open_file(&f, data, size))
        return NULL;
    for (int i = 0; dynamic.p_type != PT_DYNAMIC; i++)
        if (!segment(&f, i, &dynamic))
            return NULL;
    for (uint64_t at = 0; at < dynamic.p_filesz; at += sizeof(Elf64_Dyn)) {
        Elf64_Dyn entry;
        if (!copy(&f, dynamic.p_offset + at, &entry, sizeof entry) || entry.d_tag == DT_NULL)
            break;
        if (entry.d_tag == DT_STRTAB)
            has_strings = offset_of(&f, entry.d_un.d_ptr, &strings);
        if (entry.d_tag == DT_NEEDED && seen++ == index) {
            found = 1;
            wanted = entry.d_un.d_val;
        }
    }
    return found && has_strings && wanted < size ? string_at(&f, strings + wanted) : NULL;
}
