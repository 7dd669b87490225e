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
#define BEGIN {
#define END }
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
!5
// ---
!(1 == 2)
// ---
foo bar;
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
