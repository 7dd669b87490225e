#include "scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MOST_TICKS 40
#define AIR 0.06 /* part of the range that is left free above and below */

double nice_step(double range, int most)
{
    double rough = range / most, power = pow(10, floor(log10(rough)));
    static const double factors[] = {1, 2, 5, 10};
    for (int i = 0; i < 3; i++)
        if (factors[i] * power >= rough * (1 - 1e-9))
            return factors[i] * power;
    return 10 * power;
}

static int decimals_of(double step)
{
    int decimals = (int)ceil(-log10(step) - 1e-9);
    return decimals < 0 ? 0 : decimals > 12 ? 12 : decimals;
}

scale scale_around(double low, double high, int most_ticks)
{
    double range = high - low;
    if (!(range > 1e-12 * fmax(fabs(low), fabs(high))))
        range = fmax(fabs(high) * 0.1, 1e-3);
    scale s = {.low = fmin(low, high) - AIR * range, .high = fmax(low, high) + AIR * range};
    if (low == high) {
        s.low = low - range / 2;
        s.high = high + range / 2;
    }
    if (low >= 0 && s.low < 0)
        s.low = 0;
    s.step = nice_step(s.high - s.low, most_ticks);
    s.decimals = decimals_of(s.step);
    return s;
}

scale scale_of_counts(double high, int most_ticks)
{
    scale s = {.high = high > 0 ? high * (1 + AIR) : 1};
    s.step = nice_step(s.high, most_ticks);
    if (s.step < 1)
        s.step = 1;
    s.decimals = 0;
    return s;
}

scale scale_of_interval(double low, double high, int most_ticks)
{
    scale s = {.low = low, .high = high, .step = nice_step(high - low, most_ticks)};
    s.decimals = decimals_of(s.step);
    return s;
}

int scale_tick_count(const scale *s)
{
    double count = floor((s->high - scale_tick(s, 0)) / s->step + 1e-6) + 1;
    return count >= 1 && count <= MOST_TICKS ? (int)count : 0;
}

double scale_tick(const scale *s, int index)
{
    return (ceil(s->low / s->step - 1e-9) + index) * s->step;
}

void scale_label(const scale *s, double value, char *buffer, size_t size)
{
    char plain[64];
    if (fabs(value) < s->step * 1e-6)
        value = 0;
    if (fabs(value) >= 1e15 || (value != 0 && fabs(value) < 1e-6)) {
        snprintf(buffer, size, "%.3g", value);
        return;
    }
    snprintf(plain, sizeof plain, "%.*f", s->decimals, value);
    size_t whole = strcspn(plain, "."), used = 0;
    for (size_t i = 0; plain[i] && used + 2 < size; i++) {
        if (i && i < whole && (whole - i) % 3 == 0 && plain[i - 1] != '-')
            buffer[used++] = ',';
        buffer[used++] = plain[i];
    }
    buffer[used] = '\0';
}
