#include <stdio.h>
int power(int m, int n);
main()
{
    int i;
    for (i = 0; i < 3; ++i)
        printf("%d %d %d\n", i, power(2,i), power(-3,i));
    return 0;
}
power(base, n)
int base, n;
{
    int i, p;
    p = 1;
    for (i = 1; i <= n; ++i)
        p = p * base;
    return p;
}
// ---
double half(x) double x; { return x / 2; } half(3.0)
// ---
char *strdup(char *);
char *twice(char *s) { return strdup(s); } twice("ab")
// ---
#define PRINT(fmt, ...) printf(fmt "\n", ##__VA_ARGS__)
PRINT("none"); PRINT("%d", 1); PRINT("%d %d", 1, 2);
// ---
#define X_LIST X(apple) X(pear) X(fig)
#define X(n) n,
enum fruit { X_LIST FRUITS };
#undef X
#define X(n) #n,
const char *fruit_names[] = { X_LIST };
#undef X
fruit_names[pear]
// ---
enum fruit fr = fig; fr
// ---
#define type_name(x) _Generic((x), int: "int", double: "double", default: "other")
type_name(1.0)
// ---
#define BEGIN {
#define END }
#define PROC void
#define IF if (
#define THEN ) {
PROC pascal(int a) BEGIN IF a THEN puts("yes"); END END
pascal(1);
int n = 3;
n
// ---
PROC again(int a) BEGIN puts("again"); END
again(1);
// ---
#define PASTE(a, b) a##b
int PASTE(, plain) = 1, PASTE(tail, ) = 2; plain + tail
// ---
#define EMPTY
EMPTY int e1 = 1; e1 EMPTY
// ---
#if 0
this is "not a string
don't parse this
#endif
1
// ---
foo bar;
// ---
!5
// ---
!(n == 1)
// ---
!!n
// ---
'"'
// ---
static char daytab[2][4] = {{0, 31, 28, 31}, {0, 31, 29, 31}}; daytab
// ---
power(base, n)
int base, n;
{
    int i, p;
    for (i = p = 1; i <= n; ++i)
        p = p * base;
    return p;
}
// ---
power(2, 10)
// ---
int twice(int x) BEGIN return 2 * x; END
// ---
int four = 0; if (1) BEGIN four = twice(2); END four
// ---
#define CAT(a, b) a##b
#define SUM(first, ...) add(first, ##__VA_ARGS__, 0)
int add(int a, ...) { return a; }
int CAT(xy, z) = 7, CAT(w,) = 8;
// ---
xyz + w + SUM(1) + SUM(1, 2)
// ---
!(1 == 2)
// ---
#if 0
half a "string, and what isn't C
#endif
#define DAYS {0, 31, 28, 31}
char days[] = DAYS; days
// ---
int getline(char *s, int lim) { return lim; }
getline("", 3)
// ---
_Generic(1.0, double: "double", default: "other")
