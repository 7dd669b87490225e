#include "line_table.h"

#include <stdlib.h>
#include <string.h>

enum {
    LNS_COPY = 1, LNS_ADVANCE_PC, LNS_ADVANCE_LINE, LNS_SET_FILE, LNS_SET_COLUMN, LNS_NEGATE_STMT,
    LNS_BASIC_BLOCK, LNS_CONST_ADD_PC, LNS_FIXED_ADVANCE_PC,
    LNE_END_SEQUENCE = 1, LNE_SET_ADDRESS = 2,
    FILES_MAX = 256, ROWS_MAX = 1 << 20
};

typedef struct row {
    uintptr_t address;
    unsigned line;
    const char *file;
    bool ends; /* behind the last instruction */
} row;

typedef struct table {
    const elf_object *object;
    void *const *values;
    size_t section;
    const unsigned char *data;
    size_t size;
    row *rows;
    size_t count, capacity;
    bool bad;
    stabs_t *stabs;
} table;

/* --- Bytes ---------------------------------------------------------------------------------- */

typedef struct cursor {
    const unsigned char *data;
    size_t at, end;
    bool bad;
} cursor;

static uint64_t get(cursor *c, size_t size)
{
    uint64_t value = 0;
    if (c->end - c->at < size) {
        c->bad = true;
        c->at = c->end;
        return 0;
    }
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)c->data[c->at + i] << (8 * i);
    c->at += size;
    return value;
}

static uint64_t get_uleb(cursor *c)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint64_t byte = get(c, 1);
        if (shift < 64)
            value |= (byte & 0x7f) << shift;
        if (!(byte & 0x80) || c->bad)
            return value;
    }
}

static int64_t get_sleb(cursor *c)
{
    uint64_t value = 0, byte;
    unsigned shift = 0;
    do {
        byte = get(c, 1);
        if (shift < 64)
            value |= (byte & 0x7f) << shift;
        shift += 7;
    } while ((byte & 0x80) && !c->bad);
    if (shift < 64 && (byte & 0x40))
        value |= ~(uint64_t)0 << shift;
    return (int64_t)value;
}

/* A text that ends inside; "" otherwise. */
static const char *get_text(cursor *c)
{
    const unsigned char *start = c->data + c->at;
    const unsigned char *end = memchr(start, 0, c->end - c->at);
    if (!end) {
        c->bad = true;
        c->at = c->end;
        return "";
    }
    c->at += (size_t)(end - start) + 1;
    return (const char *)start;
}

/* --- The program ---------------------------------------------------------------------------- */

/* The address that a relocation puts at OFFSET of the table, 0 if there is none. */
static uintptr_t relocated(const table *t, size_t offset)
{
    for (size_t i = 1; i < t->object->section_count; i++) {
        Elf64_Shdr section = elf_section(t->object, i);
        if (section.sh_type != SHT_RELA || section.sh_info != t->section)
            continue;
        size_t count = elf_rela_count(t->object, &section);
        for (size_t k = 0; k < count; k++) {
            Elf64_Rela rela;
            if (elf_rela(t->object, &section, k, &rela) && rela.r_offset == offset)
                return (uintptr_t)t->values[ELF64_R_SYM(rela.r_info)] + (uintptr_t)rela.r_addend;
        }
    }
    return 0;
}

static void add_row(table *t, uintptr_t address, uint64_t line, const char *file, bool ends)
{
    if (t->count == t->capacity) {
        size_t capacity = t->capacity ? t->capacity * 2 : 64;
        row *rows = t->count < ROWS_MAX ? realloc(t->rows, capacity * sizeof *rows) : NULL;
        if (!rows) {
            t->bad = true;
            return;
        }
        t->rows = rows;
        t->capacity = capacity;
    }
    t->rows[t->count++] = (row){address, line > 65535 ? 65535 : (unsigned)line, file, ends};
}

typedef struct header {
    unsigned minimum; /* bytes of an instruction */
    int line_base;
    unsigned line_range, opcode_base;
    unsigned char lengths[256];
    const char *files[FILES_MAX];
    size_t file_count;
} header;

static bool read_header(table *t, cursor *c, header *h, size_t *program)
{
    unsigned version = (unsigned)get(c, 2);
    uint64_t length = get(c, 4);
    if (version < 2 || version > 4 || length > c->end - c->at)
        return false;
    *program = c->at + length;
    h->minimum = (unsigned)get(c, 1);
    if (version == 4)
        get(c, 1); /* operations of an instruction */
    get(c, 1);     /* whether lines are statements at first */
    h->line_base = (int8_t)get(c, 1);
    h->line_range = (unsigned)get(c, 1);
    h->opcode_base = (unsigned)get(c, 1);
    for (unsigned i = 1; i < h->opcode_base; i++)
        h->lengths[i] = (unsigned char)get(c, 1);
    while (*get_text(c)) /* folders */
        continue;
    for (h->file_count = 1; h->file_count < FILES_MAX && !c->bad; h->file_count++) {
        const char *name = get_text(c);
        if (!*name)
            break;
        h->files[h->file_count] = stabs_keep_text(t->stabs, name, strlen(name));
        get_uleb(c); /* folder, time, size */
        get_uleb(c);
        get_uleb(c);
    }
    return !c->bad && h->line_range > 0 && h->opcode_base > 0;
}

static const char *file_of(const header *h, uint64_t index)
{
    return index > 0 && index < h->file_count ? h->files[index] : "";
}

/* One sequence of instructions of the program. */
typedef struct state {
    uintptr_t address;
    uint64_t file, line;
} state;

static void extended(table *t, cursor *c, const header *h, state *s)
{
    uint64_t length = get_uleb(c);
    size_t end = length <= c->end - c->at ? c->at + length : c->end;
    unsigned code = length ? (unsigned)get(c, 1) : 0;
    if (code == LNE_END_SEQUENCE) {
        add_row(t, s->address, s->line, file_of(h, s->file), true);
        *s = (state){.file = 1, .line = 1};
    } else if (code == LNE_SET_ADDRESS) {
        s->address = relocated(t, c->at);
    }
    c->at = end;
}

static void standard(table *t, cursor *c, const header *h, state *s, unsigned code)
{
    switch (code) {
    case LNS_COPY:
        add_row(t, s->address, s->line, file_of(h, s->file), false);
        break;
    case LNS_ADVANCE_PC:
        s->address += get_uleb(c) * h->minimum;
        break;
    case LNS_ADVANCE_LINE:
        s->line += (uint64_t)get_sleb(c);
        break;
    case LNS_SET_FILE:
        s->file = get_uleb(c);
        break;
    case LNS_CONST_ADD_PC:
        s->address += (uintptr_t)((255 - h->opcode_base) / h->line_range) * h->minimum;
        break;
    case LNS_FIXED_ADVANCE_PC:
        s->address += get(c, 2);
        break;
    default:
        for (unsigned i = 0; i < h->lengths[code]; i++)
            get_uleb(c);
    }
}

static void run_program(table *t, cursor *c, const header *h)
{
    state s = {.file = 1, .line = 1};
    while (c->at < c->end && !c->bad && !t->bad) {
        unsigned code = (unsigned)get(c, 1);
        if (code == 0) {
            extended(t, c, h, &s);
        } else if (code < h->opcode_base) {
            standard(t, c, h, &s, code);
        } else {
            unsigned step = code - h->opcode_base;
            s.address += (uintptr_t)(step / h->line_range) * h->minimum;
            s.line += (uint64_t)(int64_t)(h->line_base + (int)(step % h->line_range));
            add_row(t, s.address, s.line, file_of(h, s.file), false);
        }
    }
}

static void read_rows(table *t)
{
    for (size_t at = 0; t->size - at > 4 && !t->bad;) {
        cursor c = {.data = t->data, .at = at, .end = t->size};
        uint64_t length = get(&c, 4);
        if (length > c.end - c.at)
            return;
        c.end = c.at + length;
        at = c.end;
        header *h = calloc(1, sizeof *h);
        size_t program = 0;
        if (h && read_header(t, &c, h, &program)) {
            c.at = program;
            run_program(t, &c, h);
        }
        free(h);
    }
}

/* --- As stabs ------------------------------------------------------------------------------- */

static bool push(stabs_t *stabs, size_t *capacity, stab_t entry)
{
    if (stabs->count == *capacity) {
        size_t larger = *capacity ? *capacity * 2 : 64;
        stab_t *entries = realloc(stabs->entries, larger * sizeof *entries);
        if (!entries)
            return false;
        stabs->entries = entries;
        *capacity = larger;
    }
    stabs->entries[stabs->count++] = entry;
    return true;
}

static bool is_of_cell(const row *r)
{
    return strncmp(r->file, "In[", 3) == 0;
}

/* A function, its lines and its end. */
static bool push_function(table *t, size_t *capacity, const char *name, uintptr_t start,
                          size_t size)
{
    const char *file = NULL;
    bool of_cell = false; /* then the lines of what was inlined from headers say nothing */
    for (size_t i = 0; i < t->count && !of_cell; i++)
        of_cell = t->rows[i].address >= start && t->rows[i].address < start + size &&
                  is_of_cell(&t->rows[i]);
    size_t function = t->stabs->count;
    bool good = push(t->stabs, capacity,
                     (stab_t){.kind = N_FUN, .value = (int64_t)start,
                              .name = stabs_keep_text(t->stabs, name, strcspn(name, "."))});
    for (size_t i = 0; i < t->count && good; i++) {
        const row *r = &t->rows[i];
        bool inside = r->address >= start && r->address < start + size;
        if (!inside || r->ends || (of_cell && !is_of_cell(r)))
            continue;
        if (!file)
            t->stabs->entries[function].line = (uint16_t)r->line;
        if (!file || strcmp(file, r->file) != 0)
            good = push(t->stabs, capacity, (stab_t){.kind = N_SOL, .name = r->file});
        file = r->file;
        good = good && push(t->stabs, capacity,
                            (stab_t){.kind = N_SLINE, .name = "", .line = (uint16_t)r->line,
                                     .value = (int64_t)(r->address - start)});
    }
    return good && push(t->stabs, capacity,
                        (stab_t){.kind = N_RBRAC, .name = "", .value = (int64_t)size});
}

stabs_t *line_table_read(const elf_object *object, void *const *values)
{
    table t = {.object = object, .values = values};
    size_t capacity = 0;
    for (size_t i = 1; i < object->section_count; i++)
        if (strcmp(elf_section_name(object, i), ".debug_line") == 0 &&
            elf_section_data(object, i))
            t.section = i;
    t.stabs = t.section ? calloc(1, sizeof *t.stabs) : NULL;
    if (!t.stabs)
        return NULL;
    t.data = (const unsigned char *)elf_section_data(object, t.section);
    t.size = elf_section(object, t.section).sh_size;
    read_rows(&t);
    bool good = !t.bad;
    for (size_t i = 1; i < object->symbol_count && good; i++) {
        Elf64_Sym symbol = elf_symbol(object, i);
        if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_shndx != SHN_UNDEF && values[i])
            good = push_function(&t, &capacity, elf_symbol_name(object, &symbol),
                                 (uintptr_t)values[i], symbol.st_size);
    }
    free(t.rows);
    if (!good) {
        stabs_free(t.stabs);
        t.stabs = NULL;
    }
    return t.stabs;
}
