/* TinyCC has no atomic types. */
#error <stdatomic.h> needs a system compiler (gcc or clang): put the cell under %%native
