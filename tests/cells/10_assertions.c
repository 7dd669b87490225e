_Static_assert(sizeof(int) == 4, "int");
// ---
_Static_assert(sizeof(int) == 5, "five");
// ---
#pragma pack(push, 1)
struct tight { char c; long l; };
#pragma pack(pop)
sizeof(struct tight)
// ---
sizeof(struct tight)
// ---
struct loose { char c; long l; }; sizeof(struct loose)
