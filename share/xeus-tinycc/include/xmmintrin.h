/* TinyCC has no vector intrinsics. */
#error <xmmintrin.h> needs a system compiler (gcc or clang): put the cell under %%native
