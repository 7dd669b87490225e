#include "shown.h"

#include "value_print.h"

#include <complex.h>
#include <string.h>

static struct {
    char text[200];
    text_sink sink;
} shown;

static text_sink *begin(void)
{
    shown.sink = (text_sink){.out = shown.text, .size = sizeof shown.text - 1};
    memset(shown.text, 0, sizeof shown.text);
    return &shown.sink;
}

static void show_complex(double _Complex value)
{
    text_sink *sink = begin();
    double real = creal(value), imaginary = cimag(value);
    print_float(sink, &real, sizeof real, false);
    bool negative = __builtin_signbit(imaginary);
    sink_text(sink, negative ? " - " : " + ");
    imaginary = negative ? -imaginary : imaginary;
    print_float(sink, &imaginary, sizeof imaginary, false);
    sink_text(sink, "i");
}

static void show_real(long double value)
{
    double narrow = (double)value; /* most often it was one */
    if ((long double)narrow == value || value != value)
        print_float(begin(), &narrow, sizeof narrow, false);
    else
        print_float(begin(), &value, sizeof value, false);
}

static void show_unsigned(unsigned __int128 value)
{
    char digits[48], *at = digits + sizeof digits - 1;
    *at = '\0';
    do
        *--at = (char)('0' + (int)(value % 10));
    while ((value /= 10) != 0);
    sink_text(begin(), at);
}

static void show_integer(__int128 value)
{
    char copy[48];
    if (value >= 0) {
        show_unsigned((unsigned __int128)value);
        return;
    }
    show_unsigned(-(unsigned __int128)value);
    memcpy(copy, shown.text, sizeof copy);
    copy[sizeof copy - 1] = '\0';
    text_sink *sink = begin();
    sink_text(sink, "-");
    sink_text(sink, copy);
}

static void show_character(int value)
{
    print_char(begin(), value, true);
}

static void show_truth(int value)
{
    sink_text(begin(), value ? "true" : "false");
}

static int show_other(void)
{
    sink_text(begin(), "(of a type that TinyCC does not know)");
    return 0;
}

int shown_install(loader_t *loader)
{
    return loader_interpose(loader, "__nb_show_complex", (void *)show_complex) |
           loader_interpose(loader, "__nb_show_character", (void *)show_character) |
           loader_interpose(loader, "__nb_show_truth", (void *)show_truth) |
           loader_interpose(loader, "__nb_show_other", (void *)show_other) |
           loader_interpose(loader, "__nb_show_real", (void *)show_real) |
           loader_interpose(loader, "__nb_show_integer", (void *)show_integer) |
           loader_interpose(loader, "__nb_show_unsigned", (void *)show_unsigned);
}

void shown_begin(void)
{
    begin();
}

const char *shown_take(void)
{
    return shown.text;
}
