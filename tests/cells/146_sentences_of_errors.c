#nope
// ---
#define
// ---
#undef
// ---
#define F(x, x) x
// ---
#define STR(x) #y
// ---
#define STR(x) #x "(" # x ")"
#define ALL(...) #__VA_ARGS__
#define CAT(a, b) a ## b
#
STR(1) ALL(2, 3)
// ---
int f(void)[3];
// ---
int f(void)(void);
// ---
int (*row(void))[3]; int (*pick(int n))(int); int plain(void), (*table[2])(void); typedef int fn(int); fn other; (void)0
// ---
typedef struct { int a; } S;
S.a = 3;
// ---
typedef int T; T = 5;
// ---
struct s { int x } y;
// ---
struct s { int a = 3; };
// ---
int f(int a = 3) { return a; }
// ---
struct s { int f(void); };
// ---
typedef struct { int a; } P; { P P = {3}; P.a = 4; } P p = {1}; p.a
