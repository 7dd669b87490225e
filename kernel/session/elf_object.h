/*
 * Read a relocatable ELF object of x86-64 without trusting it.
 *
 * elf_open checks the headers and that every table lies inside the bytes; the accessors then only
 * need an index below the stated count. Tables in such files need not be aligned, so entries are
 * copied out. Nothing is allocated. Fuzzed (tests/fuzz/elf_fuzz.c).
 */
#ifndef XTINYCC_ELF_OBJECT_H
#define XTINYCC_ELF_OBJECT_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct elf_object {
    const char *data;
    size_t size;
    size_t section_table, section_count, section_names; /* file offset, number, index */
    size_t symbol_table, symbol_count;                  /* file offset, number */
    size_t symbol_names;                                /* section index */
} elf_object;

/* Returns NULL, or what is wrong with the file. */
const char *elf_open(elf_object *object, const void *data, size_t size);

Elf64_Shdr elf_section(const elf_object *object, size_t index);
/* "" where the name is out of bounds. */
const char *elf_section_name(const elf_object *object, size_t index);
/* The section's bytes; NULL for SHT_NOBITS. */
const char *elf_section_data(const elf_object *object, size_t index);
Elf64_Sym elf_symbol(const elf_object *object, size_t index);
const char *elf_symbol_name(const elf_object *object, const Elf64_Sym *symbol);
/* Entry INDEX of the SHT_RELA section; its symbol index is checked to be below symbol_count. */
size_t elf_rela_count(const elf_object *object, const Elf64_Shdr *section);
bool elf_rela(const elf_object *object, const Elf64_Shdr *section, size_t index, Elf64_Rela *rela);

/* A text at OFFSET of a string section, if it ends inside the section; else "". */
const char *elf_text(const elf_object *object, size_t section, size_t offset);

#endif
