/* TinyCC has no complex numbers. */
#error <complex.h> needs a system compiler (gcc or clang): put the cell under %%native
