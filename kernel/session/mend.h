/*
 * The compiler's holes that another way of writing the same closes: tokens of a cell get the text
 * that is compiled in their place (token.code). What is kept and shown stays as written.
 *
 * H4   `double a[n]` as a parameter: the size, which has no meaning there, is left out.
 * H19  `(unsigned short)c` of a signed char keeps the sign: `(unsigned short)(int)c`.
 * H22  `#pragma pack(push)` needs the number that holds.
 * H24  `switch (1.5)` is taken: `switch ((1.5)|0)`, which is not.
 * H25  "a" L"b" is narrow: L"a" L"b".
 * H26  "\u00e9" is one byte: its two, "\303\251".
 * H12  u8"text" is "text", as source text is UTF-8.
 */
#ifndef XTINYCC_MEND_H
#define XTINYCC_MEND_H

#include "type_find.h"

void mend_items(const type_scope *scope, items *items);

#endif
