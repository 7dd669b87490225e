/* What a report says, made from records. Private to libnn. */
#ifndef NB_SRC_REPORT_H
#define NB_SRC_REPORT_H

#include "nb_document.h"
#include "nb_record.h"

enum { NB__REPORT_LAYERS = 200 };

typedef struct nb__report {
    const nb__device_rows *rows;
    const nb__record *run; /* the one with the highest Score */
    size_t record_count;   /* of all devices */
    double layer_parameters[NB__REPORT_LAYERS];
    size_t layer_count;
    double first_loss;     /* training loss of the first epoch; NaN where not recorded */
} nb__report;

/* One item for each part of the notebook: what it did in this run. */
void nb__report_steps(const nb__report *r, nb__document *d);

/* A discussion of 100 to 200 words. */
void nb__report_discussion(const nb__report *r, nb__text *out);

/* Number of words. */
int nb__count_words(const char *text);

#endif
