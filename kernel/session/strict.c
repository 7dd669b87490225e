/*
 * What TinyCC compiles without a word although C has no such conversion: a pointer as a
 * floating-point number (`double d = "x";`), a floating-point number as an offset (`a[1.0 * i]`).
 * Only the compiler knows the types. Its code generator is another object of the static library
 * than its parser, so that the linker can put these functions between them (lang.cmake). Where it
 * cannot, as with a libtcc in one piece, all names below are weak and nothing is looked at.
 */
#include "strict.h"

#include <stdarg.h>
#include <stdio.h>

#define WEAK __attribute__((weak))

/* As in tcc.h: a value begins with its type, and a type with the bits of its kind. */
struct value {
    int type;
};
enum { KIND = 15, POINTER = 5, FLOAT = 8, DOUBLE = 9, LONG_DOUBLE = 10 };

extern WEAK struct value *vtop; /* what is converted, or the second operand */
WEAK void _tcc_error(const char *format, ...);

WEAK void __real__tcc_error_noabort(const char *format, ...);
WEAK void __real_gen_cvt_itof(int type);
WEAK void __real_gen_opi(int operator);
WEAK void __real_gen_opl(int operator);
void __wrap__tcc_error_noabort(const char *format, ...);
void __wrap_gen_cvt_itof(int type);
void __wrap_gen_opi(int operator);
void __wrap_gen_opl(int operator);

static bool compiling;

void strict_begin(void)
{
    compiling = true;
}

void strict_end(void)
{
    compiling = false;
}

void __wrap__tcc_error_noabort(const char *format, ...)
{
    char text[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (compiling && _tcc_error)
        _tcc_error("%s", text);
    else
        __real__tcc_error_noabort("%s", text);
}

static int kind(void)
{
    return &vtop && vtop ? vtop->type & KIND : 0;
}

static void refuse(const char *reason)
{
    if (_tcc_error)
        _tcc_error("%s", reason);
}

static void check_offset(void)
{
    int k = kind();
    if (k == FLOAT || k == DOUBLE || k == LONG_DOUBLE)
        refuse("an index, or what is added to a pointer, must be an integer");
}

void __wrap_gen_cvt_itof(int type)
{
    if (kind() == POINTER)
        refuse("a pointer stands where a floating-point number is needed");
    __real_gen_cvt_itof(type);
}

void __wrap_gen_opi(int operator)
{
    check_offset();
    __real_gen_opi(operator);
}

void __wrap_gen_opl(int operator)
{
    check_offset();
    __real_gen_opl(operator);
}
