signed char c = -1; char text[2] = "\xff"; int wide = (unsigned short)c; wide
// ---
(int)(uint16_t)text[0]
// ---
#define U16(v) ((uint16_t)(v))
// ---
wide = U16(*text); wide
// ---
typedef unsigned short half; int low(signed char v) { typedef half local; return (local)v; } low(-2)
// ---
int kept(int n, int values[n]) { return values[n - 1]; } int three[3] = {1, 2, 3}; kept(3, three)
// ---
volatile long double big = 9007199254740993.0L; (long)big
// ---
long taken = big; taken
// ---
volatile long double near = 0.99999999999999999999L - 1e-19L; (int)near
// ---
(int)(double)near
// ---
#pragma pack(push)
#pragma pack(1)
struct tight { char c; int i; };
#pragma pack(pop)
struct loose { char c; int i; };
sizeof(struct tight) * 10 + sizeof(struct loose)
// ---
int sum; int over = __builtin_add_overflow(2147483647, 1, &sum); over
// ---
unsigned char small; __builtin_mul_overflow(20, 20, &small) ? small : -1
// ---
long fits; __builtin_sub_overflow(1u, 2u, &fits) ? 0 : (int)fits
// ---
__builtin_isless(1.0, __builtin_nan("")) + 2 * __builtin_isunordered(1.0, __builtin_nan(""))
// ---
__INT16_TYPE__ sixteen = __INT16_MAX__; sixteen + (__DBL_MANT_DIG__ == DBL_MANT_DIG)
