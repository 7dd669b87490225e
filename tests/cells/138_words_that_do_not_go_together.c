unsigned unsigned u;
// ---
long float f;
// ---
short long s;
// ---
signed unsigned x;
// ---
int char c;
// ---
long long long l;
// ---
unsigned _Bool b;
// ---
unsigned double d;
// ---
int f(int a) { short double z; return a; }
// ---
int g(unsigned float a);
// ---
(long char)3
// ---
struct point { int x, y; } int main(void) { return 0; }
// ---
typedef int T; T long t;
// ---
static extern int e;
// ---
static static int e;
// ---
int h(int a, static int b) { return a + b; }
// ---
#define SHORT short
SHORT double sd;
// ---
restrict int bad;
// ---
int restrict bad;
// ---
typedef int T; restrict T bad;
// ---
int copy(int n, int *restrict a, const int *restrict b, double c[restrict n]) { return *a + *b; }
typedef int *P; P restrict p; int *restrict q = 0; q
// ---
long long int unsigned a = -1; int long b = 2; double long c = 0.5L; char unsigned d = 200; int short unsigned volatile e = 3; long unsigned const int g = 4;
unsigned long long int h = -1; signed s = 1; long signed int long i = 5; _Bool inline k(void); int long typedef unsigned L; L m = 6;
sizeof a + sizeof b + sizeof c + sizeof d + sizeof e + sizeof g + sizeof h + sizeof s + sizeof i + sizeof m
// ---
int if = 3;
// ---
struct s { int case; };
// ---
char *return;
// ---
_Alignas(16) typedef int aligned_int;
// ---
inline int no_function;
// ---
struct { int a; } = {1};
// ---
u
// ---
_Alignas(2) int reduced;
// ---
int f(void) { _Alignas(float) double d; return 0; }
// ---
_Alignas(16) char a16; _Alignas(double) int b8; _Alignas(1) _Alignas(8) int c8; _Alignas(1) char d1; _Alignas(4) int *e; ((long)&a16 | (long)&b8 | (long)&c8) % 8
