#include "value_print.h"

#include "memory_read.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NESTING = 40 };

/* --- Text ------------------------------------------------------------------------------- */

void sink_put(text_sink *sink, const char *text, size_t length)
{
    if (sink->buffer) {
        wire_put_raw(sink->buffer, text, length);
        return;
    }
    size_t room = sink->size - sink->used;
    if (length > room)
        length = room;
    memcpy(sink->out + sink->used, text, length);
    sink->used += length;
}

void sink_text(text_sink *sink, const char *text)
{
    sink_put(sink, text, strlen(text));
}

static void put_digits(text_sink *sink, uint64_t value, unsigned base)
{
    char digits[24];
    size_t at = sizeof digits;
    do
        digits[--at] = "0123456789abcdef"[value % base];
    while (value /= base);
    sink_put(sink, digits + at, sizeof digits - at);
}

void sink_unsigned(text_sink *sink, uint64_t value)
{
    put_digits(sink, value, 10);
}

void sink_signed(text_sink *sink, int64_t value)
{
    if (value < 0)
        sink_text(sink, "-");
    sink_unsigned(sink, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void sink_pointer(text_sink *sink, uint64_t address)
{
    sink_text(sink, "0x");
    put_digits(sink, address, 16);
}

/* A name without the ending that the engine gives to names whose meaning was replaced. */
static void put_own_name(text_sink *sink, const char *name)
{
    const char *old = strstr(name, "__old");
    bool renamed = old && old[5] && strspn(old + 5, "0123456789") == strlen(old + 5);
    sink_put(sink, name, renamed ? (size_t)(old - name) : strlen(name));
}

/* --- Spelling types --------------------------------------------------------------------- */

static void spell_base(text_sink *sink, const debug_type *type)
{
    switch (type->kind) {
    case TYPE_STRUCT:
        sink_text(sink, "struct");
        break;
    case TYPE_UNION:
        sink_text(sink, "union");
        break;
    case TYPE_ENUM:
        sink_text(sink, "enum");
        break;
    default:
        sink_text(sink, *type->name ? type->name : "struct");
        return;
    }
    /* The engine gives unnamed types a tag, and types that were replaced another one. */
    if (!*type->name || strncmp(type->name, "__anon_", 7) == 0)
        return;
    sink_text(sink, " ");
    put_own_name(sink, type->name);
}

void debug_type_spell(text_sink *sink, const debug_type *type, const char *declarator)
{
    /* Built from the inside out, alternating between two buffers. */
    char text[2][200];
    text_sink part = {.out = text[0], .size = sizeof text[0] - 1};
    sink_text(&part, declarator);
    int which = 0;
    type = debug_type_resolve(type);
    for (int i = 0; i < MAX_NESTING; i++) {
        bool wraps = type->kind == TYPE_POINTER || type->kind == TYPE_ARRAY ||
                     type->kind == TYPE_FUNCTION;
        if (!wraps)
            break;
        const debug_type *target = debug_type_resolve(type->target);
        text[which][part.used] = '\0';
        const char *inner = text[which];
        which = !which;
        part = (text_sink){.out = text[which], .size = sizeof text[which] - 1};
        if (type->kind == TYPE_POINTER) {
            bool group = target->kind == TYPE_ARRAY || target->kind == TYPE_FUNCTION;
            sink_text(&part, group ? "(*" : "*");
            sink_text(&part, inner);
            sink_text(&part, group ? ")" : "");
        } else {
            sink_text(&part, inner);
            if (type->kind == TYPE_FUNCTION) {
                sink_text(&part, "()");
            } else {
                sink_text(&part, "[");
                if (type->count)
                    sink_unsigned(&part, type->count);
                sink_text(&part, "]");
            }
        }
        type = target;
    }
    spell_base(sink, type);
    if (part.used) {
        sink_text(sink, " ");
        sink_put(sink, part.out, part.used);
    }
}

/* --- Scalars ---------------------------------------------------------------------------- */

static uint64_t load_bits(const unsigned char *bytes, unsigned shift, uint64_t size)
{
    uint64_t value = 0;
    for (uint64_t i = 0; i * 8 < shift + size && i < 9; i++) {
        uint64_t byte = bytes[i];
        value |= i * 8 >= shift ? byte << (i * 8 - shift) : byte >> (shift - i * 8);
    }
    return size < 64 ? value & ((UINT64_C(1) << size) - 1) : value;
}

static int64_t extend_sign(uint64_t value, uint64_t bits)
{
    if (bits == 0 || bits >= 64)
        return (int64_t)value;
    uint64_t sign = UINT64_C(1) << (bits - 1);
    return (int64_t)((value ^ sign) - sign);
}

static void print_enum(text_sink *sink, const debug_type *type, uint64_t bits, uint64_t size)
{
    int64_t value = extend_sign(bits, size);
    for (uint64_t i = 0; i < type->count; i++) {
        /* A bit-field may hold the low bits of an unsigned enum. */
        if (type->enumerators[i].value == value || type->enumerators[i].value == (int64_t)bits) {
            put_own_name(sink, type->enumerators[i].name);
            sink_text(sink, " (");
            sink_signed(sink, type->enumerators[i].value);
            sink_text(sink, ")");
            return;
        }
    }
    sink_signed(sink, value);
}

/* An integer of SIZE bits. */
static void print_integer(text_sink *sink, const debug_type *type, uint64_t bits, uint64_t size)
{
    switch (type->kind) {
    case TYPE_BOOL:
        sink_text(sink, bits ? "true" : "false");
        break;
    case TYPE_CHAR:
        print_char(sink, (int)extend_sign(bits, size), true);
        break;
    case TYPE_ENUM:
        print_enum(sink, type, bits, size);
        break;
    case TYPE_SIGNED:
        sink_signed(sink, extend_sign(bits, size));
        break;
    default:
        sink_unsigned(sink, bits);
        break;
    }
}

/* --- Pointers --------------------------------------------------------------------------- */

/* "int, double": the parameters of the function whose entry is number FUNCTION. */
static void spell_parameters(text_sink *sink, const stabs_t *stabs, size_t function)
{
    size_t end = function + 1;
    while (end < stabs->count && stabs->entries[end].kind != N_FUN)
        end++;
    bool first = true;
    for (size_t i = end; i-- > function;) { /* TinyCC lists them backwards */
        if (stabs->entries[i].kind != N_PSYM)
            continue;
        sink_text(sink, first ? "" : ", ");
        debug_type_spell(sink, stabs->entries[i].type, "");
        first = false;
    }
    if (first)
        sink_text(sink, "void");
}

/* Name of a function: of a cell with its parameters and cell, or a library's. */
static void print_function(printer_t *printer, const debug_type *type, uint64_t address)
{
    text_sink *sink = printer->sink;
    const image_t *image = loader_find_image(printer->loader, address);
    const stabs_t *stabs = image ? image->stabs : NULL;
    for (size_t i = 0; stabs && i < stabs->count; i++) {
        const stab_t *entry = &stabs->entries[i];
        if (entry->kind != N_FUN || (uint64_t)entry->value != address)
            continue;
        char name[200] = "(*)(";
        if (!entry->type) { /* the system compiler's */
            debug_type_spell(sink, type, "(*)()");
        } else {
            text_sink parameters = {.out = name, .size = sizeof name - 2, .used = 4};
            spell_parameters(&parameters, stabs, i);
            name[parameters.used] = ')';
            name[parameters.used + 1] = '\0';
            debug_type_spell(sink, entry->type, name);
        }
        sink_text(sink, " ");
        sink_text(sink, entry->name);
        sink_text(sink, ", In[");
        sink_signed(sink, image->cell);
        sink_text(sink, "]");
        return;
    }
    Dl_info info;
    if (!printer->in_signal && !image && dladdr((void *)(uintptr_t)address, &info) != 0 &&
        info.dli_sname && (uintptr_t)info.dli_saddr == address) {
        debug_type_spell(sink, type, "(*)()");
        sink_text(sink, " ");
        sink_text(sink, info.dli_sname);
        return;
    }
    sink_text(sink, "(");
    debug_type_spell(sink, type, "(*)()");
    sink_text(sink, ") ");
    sink_pointer(sink, address);
}

static void print_pointer(printer_t *printer, const debug_type *type, uint64_t address)
{
    text_sink *sink = printer->sink;
    const debug_type *target = debug_type_resolve(type->target);
    if (address == 0) {
        sink_text(sink, "NULL");
    } else if (target->kind == TYPE_CHAR) {
        print_string(printer, (const char *)(uintptr_t)address);
    } else if (target->kind == TYPE_FUNCTION) {
        print_function(printer, target->target, address);
    } else {
        sink_text(sink, "(");
        debug_type_spell(sink, type, "");
        sink_text(sink, ") ");
        sink_pointer(sink, address);
    }
}

/* --- Aggregates ------------------------------------------------------------------------- */

static void print_at(printer_t *printer, const debug_type *type, const char *address, int depth,
                     int nesting, size_t indent);

/* Small numbers kept in characters, such as the days of the months: no text. */
static bool is_numbers(const char *text, size_t got)
{
    if (text[0] != '\0')
        return false;
    for (size_t i = 1; i < got; i++)
        if (text[i] != '\0' && (unsigned char)text[i] < ' ')
            return true;
    return false;
}

/* char[n]: a string if there is a NUL. Returns false if not. */
static bool print_char_array(printer_t *printer, const debug_type *type, const char *address)
{
    char text[1024];
    size_t limit = printer->max_text < sizeof text ? printer->max_text : sizeof text;
    size_t size = type->count < limit ? type->count : limit;
    size_t got = memory_read(text, address, size);
    size_t length = strnlen(text, got);
    if (is_numbers(text, got))
        return false;
    if (length < got) {
        print_quoted(printer->sink, text, length);
        return true;
    }
    if (got == limit && type->count > limit) {
        print_quoted(printer->sink, text, got);
        sink_text(printer->sink, "...");
        return true;
    }
    return false;
}

static void print_array(printer_t *printer, const debug_type *type, const char *address, int depth,
                        int nesting, size_t indent)
{
    text_sink *sink = printer->sink;
    const debug_type *element = debug_type_resolve(type->target);
    uint64_t size = debug_type_size(element);
    bool is_chars = element->kind == TYPE_CHAR;
    if (is_chars && print_char_array(printer, type, address))
        return;
    bool cut = type->count > printer->max_elements;
    bool rows = element->kind == TYPE_ARRAY && debug_type_resolve(element->target)->kind != TYPE_CHAR &&
                !printer->in_signal && depth == 0;
    sink_text(sink, "{");
    for (uint64_t i = 0; i < type->count; i++) {
        if (i > 0)
            sink_text(sink, rows ? "," : ", ");
        for (size_t k = 0; i > 0 && rows && k <= indent + 1; k++)
            sink_text(sink, k == 0 ? "\n" : " ");
        if (cut && i == printer->head) {
            sink_text(sink, "...");
            i = type->count - printer->tail - 1;
            continue;
        }
        unsigned char c;
        if (is_chars && memory_read(&c, address + i, 1) == 1)
            print_char(sink, c, false);
        else
            print_at(printer, element, address + i * size, depth, nesting + 1, indent + 1);
    }
    sink_text(sink, "}");
    if (cut) {
        sink_text(sink, " (");
        sink_unsigned(sink, type->count);
        sink_text(sink, " elements)");
    }
}

static void print_bit_field(printer_t *printer, const type_field *field, const char *address)
{
    unsigned char bytes[9] = {0};
    unsigned shift = field->bit_offset % 8;
    size_t size = (shift + field->bit_size + 7) / 8;
    if (size > sizeof bytes ||
        memory_read(bytes, address + field->bit_offset / 8, size) != size) {
        sink_text(printer->sink, "<unreadable>");
        return;
    }
    print_integer(printer->sink, debug_type_resolve(field->type),
                  load_bits(bytes, shift, field->bit_size), field->bit_size);
}

/* The members without the braces, so that unnamed members can be shown as C sees them: as if
   they were the outer one's. */
static void print_members(printer_t *printer, const debug_type *type, const char *address,
                          int depth, int nesting)
{
    text_sink *sink = printer->sink;
    bool first = true;
    for (uint64_t i = 0; i < type->count; i++) {
        const type_field *field = &type->fields[i];
        const debug_type *member = debug_type_resolve(field->type);
        bool is_group = member->kind == TYPE_STRUCT || member->kind == TYPE_UNION;
        if (!*field->name && !is_group)
            continue; /* padding */
        sink_text(sink, first ? "" : ", ");
        first = false;
        if (!*field->name && nesting < MAX_NESTING) {
            print_members(printer, member, address + field->bit_offset / 8, depth, nesting + 1);
            continue;
        }
        sink_text(sink, ".");
        sink_text(sink, field->name);
        sink_text(sink, " = ");
        bool is_scalar = member->kind >= TYPE_BOOL && member->kind <= TYPE_ENUM &&
                         member->kind != TYPE_FLOAT;
        if (is_scalar && (field->bit_size != member->size * 8 || field->bit_offset % 8 != 0))
            print_bit_field(printer, field, address);
        else
            print_at(printer, member, address + field->bit_offset / 8, depth + 1, nesting + 1, 0);
    }
}

static void print_at(printer_t *printer, const debug_type *type, const char *address, int depth,
                     int nesting, size_t indent)
{
    text_sink *sink = printer->sink;
    type = debug_type_resolve(type);
    if (nesting > MAX_NESTING) {
        sink_text(sink, "...");
        return;
    }
    switch (type->kind) {
    case TYPE_ARRAY:
        print_array(printer, type, address, depth, nesting, indent);
        return;
    case TYPE_STRUCT:
    case TYPE_UNION:
        if (depth >= printer->max_depth) {
            sink_text(sink, "{...}");
            return;
        }
        sink_text(sink, "{");
        print_members(printer, type, address, depth, nesting);
        sink_text(sink, "}");
        return;
    case TYPE_FUNCTION:
        print_function(printer, type->target, (uint64_t)(uintptr_t)address);
        return;
    default:
        break;
    }
    unsigned char bytes[16] = {0};
    size_t size = type->size;
    if (size == 0 || size > sizeof bytes) {
        sink_text(sink, "<unknown>");
    } else if (memory_read(bytes, address, size) != size) {
        sink_text(sink, "<unreadable>");
    } else if (type->kind == TYPE_FLOAT) {
        print_float(sink, bytes, size, printer->in_signal);
    } else if (type->kind == TYPE_POINTER) {
        print_pointer(printer, type, load_bits(bytes, 0, 64));
    } else if (type->kind == TYPE_UNKNOWN) {
        sink_text(sink, "<unknown>");
    } else {
        print_integer(sink, type, load_bits(bytes, 0, size * 8), size * 8);
    }
}

void print_value(printer_t *printer, const debug_type *type, const void *address)
{
    print_at(printer, type, address, 0, 0, 0);
}
