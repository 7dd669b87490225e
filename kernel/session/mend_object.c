#include "mend_object.h"

#include "elf_object.h"

#include <string.h>

enum { NOP = 0x90 };

/*
 * dd 5c 24 f0        fstpl     -16(%rsp)
 * f2 0f 10 M 24 f0   movsd     -16(%rsp), %xmmX
 * f2 [R] 0f 2c N     cvttsd2si %xmmX, %G
 * becomes
 * dd 4c 24 f0        fisttpll  -16(%rsp)
 * [R] 8b m 24 f0     mov       -16(%rsp), %G
 * and no-operations. Returns the length of what was mended at CODE, 0: something else is there.
 */
static size_t mend_conversion(unsigned char *code, size_t left)
{
    static const unsigned char store[] = {0xdd, 0x5c, 0x24, 0xf0, 0xf2, 0x0f, 0x10};
    if (left < 15 || memcmp(code, store, sizeof store) != 0 || (code[7] & 0xc7) != 0x44 ||
        code[8] != 0x24 || code[9] != 0xf0 || code[10] != 0xf2)
        return 0;
    unsigned char xmm = code[7] >> 3 & 7, rex = 0;
    size_t at = 11;
    if ((code[at] & 0xf0) == 0x40)
        rex = code[at++];
    if (at + 3 > left || code[at] != 0x0f || code[at + 1] != 0x2c || (rex & 3) != 0)
        return 0;
    unsigned char operands = code[at + 2];
    if (operands >> 6 != 3 || (operands & 7) != xmm)
        return 0;
    size_t end = at + 3;
    code[1] = 0x4c;
    at = 4;
    if (rex)
        code[at++] = rex;
    code[at++] = 0x8b;
    code[at++] = (unsigned char)(0x44 | (operands & 0x38));
    code[at++] = 0x24;
    code[at++] = 0xf0;
    memset(code + at, NOP, end - at);
    return end;
}

size_t mend_object(char *object, size_t size)
{
    elf_object elf;
    size_t count = 0;
    if (elf_open(&elf, object, size) != NULL)
        return 0;
    for (size_t i = 1; i < elf.section_count; i++) {
        Elf64_Shdr section = elf_section(&elf, i);
        const char *data = elf_section_data(&elf, i);
        if (!data || !(section.sh_flags & SHF_EXECINSTR))
            continue;
        unsigned char *code = (unsigned char *)object + (data - elf.data);
        for (size_t at = 0; at < section.sh_size;) {
            unsigned char *found = memchr(code + at, 0xdd, section.sh_size - at);
            if (!found)
                break;
            at = (size_t)(found - code);
            size_t done = mend_conversion(found, section.sh_size - at);
            count += done > 0;
            at += done ? done : 1;
        }
    }
    return count;
}
