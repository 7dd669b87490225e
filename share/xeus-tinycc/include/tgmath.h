/* TinyCC has no type-generic mathematics. */
#error <tgmath.h> needs a system compiler (gcc or clang): put the cell under %%native
