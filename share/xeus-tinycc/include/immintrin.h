/* TinyCC has no vector intrinsics: a cell that includes this goes to the system compiler, which reads its own
   <immintrin.h>. These are the names that the session's splitter must know. */
extern int __xt_native_header;
typedef int __m64;
typedef int __m128;
typedef int __m128d;
typedef int __m128i;
typedef int __m256;
typedef int __m256d;
typedef int __m256i;
typedef int __m512;
typedef int __m512d;
typedef int __m512i;
typedef int __mmask8;
typedef int __mmask16;
typedef int __mmask32;
typedef int __mmask64;
