__builtin_popcount(255u)
// ---
__builtin_clz(1u) + __builtin_ctzll(1ull << 40)
// ---
__builtin_bswap32(0x11223344u) == 0x44332211u
// ---
__builtin_inf()
// ---
__builtin_expect(3 > 2, 1)
// ---
int next(void *p) { return __builtin_constant_p(4); }
next(__builtin_assume_aligned(malloc(64), 16))
// ---
char to[4]; __builtin_memcpy(to, "abc", 4); __builtin_strlen(to)
// ---
__builtin_trap();
