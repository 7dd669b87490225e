/* What the files behind lang.h share. */
#ifndef XTINYCC_LANG_INTERNAL_H
#define XTINYCC_LANG_INTERNAL_H

#include "headers.h"
#include "lang.h"
#include "past.h"

/* The session as past_write() wrote it. */
const char *lang_text(const lang_t *lang, size_t *size);

#endif
