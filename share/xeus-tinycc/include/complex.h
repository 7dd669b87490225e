/* TinyCC has no complex numbers: a cell that includes this goes to the system compiler, which reads its own
   <complex.h>. These are the names that the session's splitter must know. */
extern int __xt_native_header;
#define complex _Complex
#define I _Complex_I
#define _Complex_I (__extension__ 1.0iF)
