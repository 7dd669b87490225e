/* TinyCC has no vector intrinsics. */
#error <emmintrin.h> needs a system compiler (gcc or clang): put the cell under %%native
