/* Text in quotes that TinyCC reads otherwise than C (holes H12, H25 and H26 of mend.h). */
#ifndef XTINYCC_MEND_TEXT_H
#define XTINYCC_MEND_TEXT_H

#include "type_find.h"

/* Give the strings and characters among TOKENS [first, end) the code to compile in their place.
   Returns whether there was one. */
bool mend_texts(const type_scope *scope, tokens *tokens, size_t first, size_t end);

#endif
