#include "linking.h"

#include "run.h"
#include "sanitizer.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAR_JUMP_SIZE = 14, NEAR_JUMP_SIZE = 5, UNDEFINED_THUNK_SIZE = 32 };

static bool fail(link_t *link, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(link->error, link->error_size, format, list);
    va_end(list);
    return false;
}

static bool near(const void *from, const void *to)
{
    intptr_t distance = (intptr_t)to - (intptr_t)from;
    return distance == (int32_t)distance;
}

static const unsigned char far_jump[6] = {0xff, 0x25}; /* jmp *0(%rip), the address behind it */

static void write_far_jump(void *at, const void *target)
{
    memcpy(at, far_jump, sizeof far_jump);
    memcpy((char *)at + sizeof far_jump, &target, sizeof target);
}

/* Calls reach a library's function through a jump near the caller; its name stands behind it, for
   back-traces. */
static void write_far_call(void *at, const void *target, const char *name)
{
    write_far_jump(at, target);
    strcpy((char *)at + FAR_JUMP_SIZE, name);
}

void link_write_jump(void *at, const void *target)
{
    char *next = (char *)at + NEAR_JUMP_SIZE;
    if (!near(next, target)) {
        write_far_jump(at, target);
        return;
    }
    unsigned char jump[NEAR_JUMP_SIZE] = {0xe9}; /* jmp rel32 */
    int32_t distance = (int32_t)((intptr_t)target - (intptr_t)next);
    memcpy(jump + 1, &distance, sizeof distance);
    memcpy(at, jump, sizeof jump);
}

const lang_symbol *link_bind(const link_t *link, const char *name)
{
    if (!link->unit)
        return NULL;
    for (size_t i = 0; i < link->unit->symbol_count; i++) {
        if (strcmp(link->unit->symbols[i].name, name) == 0)
            return &link->unit->symbols[i];
    }
    return NULL;
}

symbol_t *link_same(const link_t *link, const char *name, const Elf64_Sym *symbol)
{
    if (ELF64_ST_BIND(symbol->st_info) == STB_LOCAL)
        return NULL;
    const lang_symbol *bind = link_bind(link, name);
    if (!bind || bind->bind != LANG_BIND_SAME || bind->is_function)
        return NULL;
    symbol_t *old = symbol_find(&link->loader->session, name);
    if (!old || !old->address || old->is_function)
        return NULL;
    return symbol->st_shndx == SHN_UNDEF || symbol->st_size == old->size ? old : NULL;
}

/* --- Placing ---------------------------------------------------------------------------- */

static bool place_sections(link_t *link)
{
    arena_t *arena = &link->loader->arena;
    for (size_t i = 1; i < link->object.section_count; i++) {
        Elf64_Shdr section = elf_section(&link->object, i);
        const char *name = elf_section_name(&link->object, i);
        if (strcmp(name, ".note.GNU-stack") == 0 && (section.sh_flags & SHF_EXECINSTR))
            return fail(link, "a nested function whose address is taken needs code on the stack, "
                              "which cells may not run; move it out of its function");
        if (!(section.sh_flags & SHF_ALLOC))
            continue;
        if (section.sh_flags & SHF_TLS)
            return fail(link, "thread-local variables are not supported");
        size_t align = section.sh_addralign < 16 ? 16 : section.sh_addralign;
        bool is_text = section.sh_flags & SHF_EXECINSTR;
        char *at = is_text ? arena_alloc_text(arena, section.sh_size, align)
                           : arena_alloc_data(arena, section.sh_size, align);
        if (!at)
            return fail(link, "no room for %zu bytes of section %s: the session's memory is full",
                        (size_t)section.sh_size, name);
        if (section.sh_type != SHT_NOBITS)
            memcpy(at, elf_section_data(&link->object, i), section.sh_size);
        link->sections[i] = at;
    }
    return true;
}

/* --- Resolving -------------------------------------------------------------------------- */

static void call_undefined(const char *message)
{
    run_raise("LinkError", message);
}

/* libnn finds the machine's BLAS and loads it when a cell first calls it; NULL without either. */
static void *find_blas(const char *name)
{
    void *(*find)(const char *) = NULL;
    void *symbol = strncmp(name, "cblas_", 6) == 0 || strncmp(name, "openblas_", 9) == 0
                       ? dlsym(RTLD_DEFAULT, "nn_blas_symbol") : NULL;
    memcpy(&find, &symbol, sizeof find);
    return find ? find(name) : NULL;
}

/* Why there is none, as a part of a message. */
static const char *why_no_blas(const char *name)
{
    const char *(*why)(void) = NULL;
    void *symbol = strncmp(name, "cblas_", 6) == 0 ? dlsym(RTLD_DEFAULT, "nn_error_message") : NULL;
    memcpy(&why, &symbol, sizeof why);
    return why ? why() : "";
}

/*
 * A function that nobody defines: its calls go to a piece of code that raises an error, until a
 * later cell defines it. The code is entered by a jump or a call of the cell, so for the stack it
 * is as if the cell had called call_undefined.
 */
static void *undefined_function(link_t *link, const char *name)
{
    loader_t *loader = link->loader;
    char message[1024];
    const char *blas = why_no_blas(name);
    int length = snprintf(message, sizeof message,
                          "function %s is declared but not defined (called from In[%d])%s%.700s",
                          name, link->cell, *blas ? "\n" : "", blas);
    size_t size = (size_t)length < sizeof message ? (size_t)length + 1 : sizeof message;
    symbol_t *symbol = symbol_intern(&loader->session, name);
    unsigned char *code = arena_alloc_text(&loader->arena, UNDEFINED_THUNK_SIZE + size, 16);
    if (!symbol || !code)
        return NULL;
    char *text = (char *)code + UNDEFINED_THUNK_SIZE;
    memcpy(text, message, size);
    void (*handler)(const char *) = call_undefined;
    static const unsigned char load_rdi[2] = {0x48, 0xbf}; /* movabs $text, %rdi */
    memcpy(code, load_rdi, sizeof load_rdi);
    memcpy(code + 2, &text, sizeof text);
    void *target;
    memcpy(&target, &handler, sizeof target);
    write_far_jump(code + 10, target);
    symbol->address = code;
    symbol->image = loader->image_count; /* the unit that is being loaded */
    symbol->is_function = true;
    symbol->is_undefined = true;
    return code;
}

/* A meaning outside of the session, or NULL. */
static void *find_outside(const loader_t *loader, const char *name)
{
    const symbol_t *symbol = symbol_find(&loader->interposed, name);
    if (!symbol)
        symbol = symbol_find(&loader->helpers, name);
    if (symbol)
        return symbol->address;
    void *address = loader_builtin(name);
    if (!address)
        address = sanitizer_find(name);
    if (!address)
        address = dlsym(RTLD_DEFAULT, name);
    return address ? address : find_blas(name);
}

/* What the object itself defines under the name, or NULL. */
static void *find_defined(const link_t *link, const char *name)
{
    for (size_t i = 1; i < link->object.symbol_count; i++) {
        Elf64_Sym symbol = elf_symbol(&link->object, i);
        if (symbol.st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbol.st_info) != STB_LOCAL &&
            strcmp(elf_symbol_name(&link->object, &symbol), name) == 0)
            return link->values[i];
    }
    return NULL;
}

static bool resolve_undefined(link_t *link, const char *name, const Elf64_Sym *symbol,
                              void **value)
{
    *value = link->first ? find_defined(link->first, name) : NULL;
    if (*value)
        return true;
    symbol_t *known = symbol_find(&link->loader->session, name);
    if (known && known->address && !known->is_undefined) {
        *value = known->address;
        return true;
    }
    *value = find_outside(link->loader, name);
    if (*value) {
        /* A library loaded since has what earlier cells missed. */
        if (known && known->is_undefined)
            write_far_call(known->address, *value, name);
        return true;
    }
    if (ELF64_ST_BIND(symbol->st_info) == STB_WEAK)
        return true;
    if (known && known->is_undefined) {
        *value = known->address;
        return true;
    }
    if (!link->unit || ELF64_ST_TYPE(symbol->st_info) != STT_FUNC)
        return fail(link, "variable %s is declared but not defined", name);
    *value = undefined_function(link, name);
    return *value || fail(link, "the session's memory is full");
}

static bool resolve_symbols(link_t *link)
{
    for (size_t i = 1; i < link->object.symbol_count; i++) {
        Elf64_Sym symbol = elf_symbol(&link->object, i);
        const char *name = elf_symbol_name(&link->object, &symbol);
        symbol_t *same = link_same(link, name, &symbol);
        if (same) {
            link->values[i] = same->address;
        } else if (symbol.st_shndx == SHN_UNDEF) {
            /* The assembler names the table of slot_for(), which no code addresses whole. */
            if (*name && strcmp(name, "_GLOBAL_OFFSET_TABLE_") != 0 &&
                !resolve_undefined(link, name, &symbol, &link->values[i]))
                return false;
        } else if (symbol.st_shndx == SHN_ABS) {
            link->values[i] = (void *)symbol.st_value;
        } else if (symbol.st_shndx == SHN_COMMON) {
            size_t align = symbol.st_value < 16 ? 16 : symbol.st_value;
            link->values[i] = (align & (align - 1)) == 0
                                  ? arena_alloc_data(&link->loader->arena, symbol.st_size, align)
                                  : NULL;
            if (!link->values[i])
                return fail(link, "no room for %zu bytes of %s: the session's memory is full",
                            (size_t)symbol.st_size, name);
        } else if (symbol.st_shndx < link->object.section_count &&
                   link->sections[symbol.st_shndx]) {
            if (symbol.st_value > elf_section(&link->object, symbol.st_shndx).sh_size)
                return fail(link, "symbol %s lies outside its section", name);
            link->values[i] = link->sections[symbol.st_shndx] + symbol.st_value;
        }
    }
    return true;
}

/* --- Relocating ------------------------------------------------------------------------- */

static void *thunk_for(link_t *link, size_t symbol, const char *name)
{
    if (!link->thunks[symbol]) {
        size_t size = strlen(name) + 1;
        char *thunk = arena_alloc_text(&link->loader->arena, FAR_JUMP_SIZE + size, 16);
        if (thunk)
            write_far_call(thunk, link->values[symbol], name);
        link->thunks[symbol] = thunk;
    }
    return link->thunks[symbol];
}

const char *loader_called_name(const loader_t *loader, const void *return_address)
{
    const unsigned char *code = return_address;
    if (!loader_is_text(loader, code - 5) || code[-5] != 0xe8)
        return NULL;
    int32_t distance;
    memcpy(&distance, code - 4, sizeof distance);
    const char *thunk = (const char *)code + distance;
    if (!loader_is_text(loader, thunk) || !loader_is_text(loader, thunk + FAR_JUMP_SIZE) ||
        memcmp(thunk, far_jump, sizeof far_jump) != 0)
        return NULL;
    const char *name = thunk + FAR_JUMP_SIZE;
    return *name ? name : NULL;
}

/* The entry lies among the text, where no stray write of a cell can change it. */
static void *slot_for(link_t *link, size_t symbol)
{
    if (!link->slots[symbol]) {
        void *slot = arena_alloc_text(&link->loader->arena, sizeof(void *), sizeof(void *));
        if (slot)
            memcpy(slot, &link->values[symbol], sizeof(void *));
        link->slots[symbol] = slot;
    }
    return link->slots[symbol];
}

static bool put_32(link_t *link, char *place, intptr_t value, const char *name)
{
    int32_t narrow = (int32_t)value;
    if (narrow != value)
        return fail(link, "%s lies too far away for the code that uses it", name);
    memcpy(place, &narrow, sizeof narrow);
    return true;
}

/* Whether the field is the displacement of a call or jmp of the unit's text. */
static bool is_branch(const link_t *link, unsigned type, const char *place)
{
    return (type == R_X86_64_PC32 || type == R_X86_64_PLT32) && place > link->text &&
           arena_has_text(&link->loader->arena, place) && ((unsigned char)place[-1] & 0xfe) == 0xe8;
}

/* Whatever else refers to the unit's text may store the address. */
static void note_reference(link_t *link, unsigned type, const char *value, const char *place)
{
    if (value >= link->text && arena_has_text(&link->loader->arena, value) &&
        !is_branch(link, type, place))
        link->keeps_text = true;
}

static bool apply(link_t *link, const Elf64_Rela *rela, char *place, size_t room)
{
    size_t index = ELF64_R_SYM(rela->r_info);
    unsigned type = ELF64_R_TYPE(rela->r_info);
    Elf64_Sym symbol = elf_symbol(&link->object, index);
    const char *name = elf_symbol_name(&link->object, &symbol);
    char *value = link->values[index];
    if (room < (type == R_X86_64_64 || type == R_X86_64_PC64 ? 8 : 4))
        return fail(link, "a relocation lies outside its section");
    note_reference(link, type, value, place);
    switch (type) {
    case R_X86_64_NONE:
        return true;
    case R_X86_64_64: {
        uintptr_t wide = (uintptr_t)value + (uintptr_t)rela->r_addend;
        memcpy(place, &wide, sizeof wide);
        return true;
    }
    case R_X86_64_PC64: {
        uintptr_t wide = (uintptr_t)value + (uintptr_t)rela->r_addend - (uintptr_t)place;
        memcpy(place, &wide, sizeof wide);
        return true;
    }
    case R_X86_64_32:
        if (((uintptr_t)value + (uintptr_t)rela->r_addend) >> 32)
            return fail(link, "%s lies too far away for a 32-bit address", name);
        return put_32(link, place, (int32_t)((uintptr_t)value + (uintptr_t)rela->r_addend), name);
    case R_X86_64_32S:
        return put_32(link, place, (intptr_t)value + rela->r_addend, name);
    case R_X86_64_PC32:
    case R_X86_64_PLT32: {
        bool is_call = type == R_X86_64_PLT32 || ELF64_ST_TYPE(symbol.st_info) == STT_FUNC;
        /* TinyCC's form of `x + w` for a floating-point w. Through a jump it would read the
           jump's code as a number: refuse. */
        if (!is_call && !near(place, value))
            return fail(link,
                        "%s is a floating-point variable of a library, out of reach of this "
                        "expression; copy it first through a pointer to it",
                        name);
        if (is_call && !arena_has_text(&link->loader->arena, value)) {
            value = thunk_for(link, index, name);
            if (!value)
                return fail(link, "the session's memory is full");
            note_reference(link, type, value, place);
        }
        return put_32(link, place, (intptr_t)value + rela->r_addend - (intptr_t)place, name);
    }
    case R_X86_64_GOTPCREL:
    case R_X86_64_GOTPCRELX:
    case R_X86_64_REX_GOTPCRELX: {
        char *slot = slot_for(link, index);
        if (!slot)
            return fail(link, "the session's memory is full");
        return put_32(link, place, (intptr_t)slot + rela->r_addend - (intptr_t)place, name);
    }
    default:
        return fail(link, "relocation type %u of %s is not supported", type, name);
    }
}

static bool relocate_sections(link_t *link)
{
    for (size_t i = 1; i < link->object.section_count; i++) {
        Elf64_Shdr table = elf_section(&link->object, i);
        if (table.sh_type != SHT_RELA || !link->sections[table.sh_info])
            continue;
        Elf64_Shdr target = elf_section(&link->object, table.sh_info);
        if (target.sh_type == SHT_NOBITS)
            return fail(link, "relocations for a section without contents");
        size_t count = elf_rela_count(&link->object, &table);
        for (size_t k = 0; k < count; k++) {
            Elf64_Rela rela;
            if (!elf_rela(&link->object, &table, k, &rela) || rela.r_offset > target.sh_size)
                return fail(link, "a relocation is damaged");
            if (!apply(link, &rela, link->sections[table.sh_info] + rela.r_offset,
                       target.sh_size - rela.r_offset))
                return false;
        }
    }
    return true;
}

bool link_object(link_t *link, const void *data, size_t size)
{
    const char *problem = elf_open(&link->object, data, size);
    if (problem)
        return fail(link, "%s", problem);
    size_t symbols = link->object.symbol_count + 1;
    link->sections = calloc(link->object.section_count, sizeof *link->sections);
    link->values = calloc(symbols, sizeof *link->values);
    link->thunks = calloc(symbols, sizeof *link->thunks);
    link->slots = calloc(symbols, sizeof *link->slots);
    if (!link->sections || !link->values || !link->thunks || !link->slots)
        return fail(link, "memory is out");
    return place_sections(link) && resolve_symbols(link) && relocate_sections(link);
}

void link_free(link_t *link)
{
    free(link->sections);
    free(link->values);
    free(link->thunks);
    free(link->slots);
}
