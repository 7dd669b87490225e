/* TinyCC has no type-generic mathematics: a cell that includes this goes to the system compiler, which reads its own
   <tgmath.h>. These are the names that the session's splitter must know. */
extern int __xt_native_header;
#define complex _Complex
#define I _Complex_I
