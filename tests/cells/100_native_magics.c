%cflags
// ---
%cflags -DSEVEN=7 -O1
// ---
%%native
SEVEN
// ---
%std c99
// ---
%cflags
// ---
%%native
__STDC_VERSION__
// ---
%std gnu17
// ---
%%native
SEVEN + (__STDC_VERSION__ == 201710L)
// ---
%cflags -fopenmp
// ---
%cflags -
// ---
%cflags
// ---
!mkdir -p xt_include_dir && echo 'static int eleven(void) { return 11; }' > xt_include_dir/xt_eleven.h
// ---
#include "xt_eleven.h"
// ---
%include-dir xt_include_dir
// ---
#include "xt_eleven.h"
eleven()
// ---
%%native
eleven() + 1
// ---
!rm -r xt_include_dir
// ---
%include-dir /nowhere/at/all
// ---
%pkg no-such-package-anywhere
// ---
%pkg zlib
// ---
#include <zlib.h>
crc32(0, (const unsigned char *)"abc", 3)
// ---
%std
