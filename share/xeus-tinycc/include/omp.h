/* TinyCC has no OpenMP. */
#error <omp.h> needs a system compiler (gcc or clang): put the cell under %%native
