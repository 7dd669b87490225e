/*
 * Read and write the flat JSON objects in which records are kept: strings, numbers, lists of
 * numbers. Private to libnn. (Model files are nn-files' work and use a JSON library there.)
 */
#ifndef NB_SRC_JSON_H
#define NB_SRC_JSON_H

#include <stddef.h>
#include "nb_text.h"

/* One member of an object, as strings in place of the text that was read. */
typedef struct nb__json_member {
    const char *name;
    const char *string;        /* NULL unless the value is a string */
    double number;             /* NaN unless the value is a number, true (1) or false (0) */
    const char *list;          /* where a list begins, NULL for other values */
} nb__json_member;

enum { NB__JSON_MEMBERS = 96 };

typedef struct nb__json {
    nb__json_member members[NB__JSON_MEMBERS];
    size_t count;
} nb__json;

/* Reads an object from TEXT (NUL-terminated, changed: the members point into it). Members whose
   value is an object or a list of other things are checked and otherwise ignored. Returns 1, or 0
   when TEXT is not one whole JSON object with at most NB__JSON_MEMBERS members. */
int nb__json_read(char *text, nb__json *object);

/* The member's value; "" and NaN where there is none of that kind. */
const char *nb__json_string(const nb__json *object, const char *name);
double nb__json_number(const nb__json *object, const char *name);

/* Reads the member's list of numbers (null: NaN). Returns how many there are, at most CAPACITY; 0
   if there is no such list. */
size_t nb__json_numbers(const nb__json *object, const char *name, double *out, size_t capacity);

/* Write an object: put "{", members, "}". Numbers that are not finite become null. */
void nb__json_put_string(nb__text *out, const char *name, const char *value);
void nb__json_put_number(nb__text *out, const char *name, double value);
void nb__json_put_count(nb__text *out, const char *name, uint64_t value);
void nb__json_put_numbers(nb__text *out, const char *name, const double *values, size_t count);
void nb__json_begin(nb__text *out);
void nb__json_end(nb__text *out);

#endif
