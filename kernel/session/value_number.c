#include "value_print.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DIGITS = 24 };

/* A number as DIGITS with a decimal point behind the first, times 10^EXPONENT. */
typedef struct decimal {
    char digits[MAX_DIGITS];
    int count, exponent;
} decimal_t;

/* Take the digits out of "d.ddde+xx"; the locale may write another point. */
static decimal_t take_digits(const char *text)
{
    decimal_t d = {0};
    for (; *text && *text != 'e'; text++) {
        if (*text >= '0' && *text <= '9' && d.count < MAX_DIGITS)
            d.digits[d.count++] = *text;
    }
    d.exponent = *text ? atoi(text + 1) : 0;
    while (d.count > 1 && d.digits[d.count - 1] == '0')
        d.count--;
    return d;
}

/* The fewest digits that SIZE's type reads back as the same number. */
static decimal_t shortest(long double value, size_t size)
{
    int most = size == 4 ? FLT_DECIMAL_DIG : size == 8 ? DBL_DECIMAL_DIG : LDBL_DECIMAL_DIG;
    char text[64];
    for (int digits = 1;; digits++) {
        snprintf(text, sizeof text, "%.*Le", digits - 1, value);
        bool same = size == 4   ? strtof(text, NULL) == (float)value
                    : size == 8 ? strtod(text, NULL) == (double)value
                                : strtold(text, NULL) == value;
        if (same || digits >= most)
            return take_digits(text);
    }
}

/* Six digits by plain arithmetic: exact enough for a trace. */
static decimal_t six_digits(long double value)
{
    decimal_t d = {.count = 6};
    int exponent = 0;
    for (; value >= 10; value /= 10)
        exponent++;
    for (; value < 1; value *= 10)
        exponent--;
    long scaled = (long)(value * 100000 + 0.5L);
    if (scaled >= 1000000) {
        scaled /= 10;
        exponent++;
    }
    for (int i = 5; i >= 0; i--, scaled /= 10)
        d.digits[i] = (char)('0' + scaled % 10);
    while (d.count > 1 && d.digits[d.count - 1] == '0')
        d.count--;
    d.exponent = exponent;
    return d;
}

/* 0.001, 2.0, 1e+16: plain where that stays short. */
static void lay_out(text_sink *sink, const decimal_t *d)
{
    if (d->exponent < -4 || d->exponent >= 16) {
        sink_put(sink, d->digits, 1);
        if (d->count > 1) {
            sink_text(sink, ".");
            sink_put(sink, d->digits + 1, (size_t)d->count - 1);
        }
        sink_text(sink, d->exponent < 0 ? "e-" : "e+");
        int exponent = abs(d->exponent);
        if (exponent < 10)
            sink_text(sink, "0");
        sink_unsigned(sink, (uint64_t)exponent);
    } else if (d->exponent < 0) {
        sink_put(sink, "0.000", (size_t)(1 - d->exponent));
        sink_put(sink, d->digits, (size_t)d->count);
    } else {
        for (int i = 0; i <= d->exponent || i < d->count; i++) {
            if (i == d->exponent + 1)
                sink_text(sink, ".");
            sink_put(sink, i < d->count ? d->digits + i : "0", 1);
        }
        if (d->count <= d->exponent + 1)
            sink_text(sink, ".0");
    }
}

void print_float(text_sink *sink, const void *bytes, size_t size, bool in_signal)
{
    long double value;
    if (size == 4) {
        float narrow;
        memcpy(&narrow, bytes, 4);
        value = narrow;
    } else if (size == 8) {
        double narrow;
        memcpy(&narrow, bytes, 8);
        value = narrow;
    } else {
        memcpy(&value, bytes, sizeof value);
    }
    if (isnan(value)) {
        sink_text(sink, "nan");
        return;
    }
    if (signbit(value)) {
        sink_text(sink, "-");
        value = -value;
    }
    if (isinf(value)) {
        sink_text(sink, "inf");
    } else if (value == 0) {
        sink_text(sink, "0.0");
    } else {
        decimal_t d = in_signal ? six_digits(value) : shortest(value, size);
        lay_out(sink, &d);
    }
}
