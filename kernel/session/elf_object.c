#include "elf_object.h"

#include <string.h>

static bool inside(const elf_object *object, size_t offset, size_t size)
{
    return offset <= object->size && size <= object->size - offset;
}

Elf64_Shdr elf_section(const elf_object *object, size_t index)
{
    Elf64_Shdr section;
    memcpy(&section, object->data + object->section_table + index * sizeof section,
           sizeof section);
    return section;
}

const char *elf_text(const elf_object *object, size_t section, size_t offset)
{
    Elf64_Shdr strings = elf_section(object, section);
    if (strings.sh_type != SHT_STRTAB || offset >= strings.sh_size)
        return "";
    const char *text = object->data + strings.sh_offset + offset;
    return memchr(text, 0, strings.sh_size - offset) ? text : "";
}

const char *elf_section_name(const elf_object *object, size_t index)
{
    return elf_text(object, object->section_names, elf_section(object, index).sh_name);
}

const char *elf_section_data(const elf_object *object, size_t index)
{
    Elf64_Shdr section = elf_section(object, index);
    return section.sh_type == SHT_NOBITS ? NULL : object->data + section.sh_offset;
}

Elf64_Sym elf_symbol(const elf_object *object, size_t index)
{
    Elf64_Sym symbol;
    memcpy(&symbol, object->data + object->symbol_table + index * sizeof symbol, sizeof symbol);
    return symbol;
}

const char *elf_symbol_name(const elf_object *object, const Elf64_Sym *symbol)
{
    return elf_text(object, object->symbol_names, symbol->st_name);
}

size_t elf_rela_count(const elf_object *object, const Elf64_Shdr *section)
{
    (void)object;
    return section->sh_size / sizeof(Elf64_Rela);
}

bool elf_rela(const elf_object *object, const Elf64_Shdr *section, size_t index, Elf64_Rela *rela)
{
    memcpy(rela, object->data + section->sh_offset + index * sizeof *rela, sizeof *rela);
    return ELF64_R_SYM(rela->r_info) < object->symbol_count;
}

static const char *check(elf_object *object)
{
    Elf64_Ehdr header;
    if (object->size < sizeof header)
        return "the file is too short";
    memcpy(&header, object->data, sizeof header);
    if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_machine != EM_X86_64 || header.e_type != ET_REL)
        return "not a relocatable object for x86-64";
    if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum == 0 ||
        header.e_shstrndx >= header.e_shnum ||
        !inside(object, header.e_shoff, (size_t)header.e_shnum * sizeof(Elf64_Shdr)))
        return "the section table is damaged";
    object->section_table = header.e_shoff;
    object->section_count = header.e_shnum;
    object->section_names = header.e_shstrndx;
    for (size_t i = 0; i < object->section_count; i++) {
        Elf64_Shdr section = elf_section(object, i);
        if (section.sh_type != SHT_NOBITS && !inside(object, section.sh_offset, section.sh_size))
            return "a section lies outside the file";
        if (section.sh_addralign > 1 && (section.sh_addralign & (section.sh_addralign - 1)))
            return "a section's alignment is not a power of two";
        if (section.sh_type == SHT_RELA && section.sh_info >= object->section_count)
            return "a relocation table is for no section";
        if (section.sh_type == SHT_REL)
            return "relocations without addends are not supported";
        if (section.sh_type == SHT_SYMTAB) {
            if (section.sh_link >= object->section_count)
                return "the symbol table has no names";
            object->symbol_table = section.sh_offset;
            object->symbol_count = section.sh_size / sizeof(Elf64_Sym);
            object->symbol_names = section.sh_link;
        }
    }
    return NULL;
}

const char *elf_open(elf_object *object, const void *data, size_t size)
{
    *object = (elf_object){.data = data, .size = size};
    const char *problem = check(object);
    if (problem) /* nothing in it may be looked at */
        *object = (elf_object){0};
    return problem;
}
