/* Axes: ranges, ticks at round numbers, and their labels. */
#ifndef NB_DRAW_SCALE_H
#define NB_DRAW_SCALE_H

#include <stddef.h>

/* A range of values and its ticks at multiples of STEP. */
typedef struct scale {
    double low, high, step;
    int decimals; /* that the tick labels need */
} scale;

/* A step of 1, 2 or 5 times a power of ten that cuts RANGE into at most MOST parts. */
double nice_step(double range, int most);

/* The scale of values from LOW to HIGH with a little air on both sides. Values that are not
   negative get no negative ticks. */
scale scale_around(double low, double high, int most_ticks);

/* The scale of counts from 0 to HIGH. */
scale scale_of_counts(double high, int most_ticks);

/* The scale of exactly the interval from LOW to HIGH, which is not empty. */
scale scale_of_interval(double low, double high, int most_ticks);

/* The ticks within the range, at most a few dozen, and the label of one ("0.95", "10,000"). */
int scale_tick_count(const scale *s);
double scale_tick(const scale *s, int index);
void scale_label(const scale *s, double value, char *buffer, size_t size);

#endif
