%%native
char fc(int a) { return (char)a; }
signed char fs(int a) { return (signed char)a; }
short fh(int a) { return (short)a; }
_Bool fb(int a) { return a; }
unsigned char fu(int a) { return (unsigned char)a; }
float ff(float a) { return a * 2; }
long double fl(long double a) { return a; }
int sum(int n, ...)
{
    va_list v;
    va_start(v, n);
    int s = 0;
    while (n--)
        s += va_arg(v, int);
    va_end(v);
    return s;
}
// ---
int t[6] = {fc(300), fs(200), fh(70000), fb(256), fu(511), sum(3, 1, 2, 3)}; t
// ---
ff(1.25f)
// ---
fl(0.1L)
// ---
struct big { double a[3]; int n; }; struct pair { double re, im; };
// ---
%%native
struct big mk(int n) { return (struct big){{1, 2, 3}, n}; }
struct pair conj2(struct pair p) { p.im = -p.im; return p; }
int sumbig(struct big b) { return b.a[2] + b.n; }
// ---
mk(5)
// ---
conj2((struct pair){1, 2})
// ---
sumbig(mk(4))
// ---
int cmp(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
// ---
%%native
int arr[] = {5, 3, 9, 1};
qsort(arr, 4, sizeof arr[0], cmp);
arr
// ---
arr[0] = 77; sizeof arr
// ---
%%native
int n = 3; double m[n][n]; m[2][2] = 5;
const char *msg = "hi"; char word[] = "abc"; int des[] = {[4] = 9};
int (*table[2])(const void *, const void *) = {cmp, cmp};
sizeof m
// ---
m[2][2]
// ---
printf("%s %s %d %d\n", msg, word, des[4], table[1] == cmp);
// ---
%%native
for (int i = 0; i < 3; i++) if (i == 1) goto end;
end: puts("done");
// ---
%%native
int main(void) { puts("main"); return 3; }
// ---
%%native
return 7;
// ---
%%native
#define N 10
typedef struct { double re, im; } cpx;
enum col { RED, GREEN = 5 };
cpx c1 = {1, 2}; enum col cc = GREEN; int many[N];
c1
// ---
cc
// ---
N + sizeof many
// ---
%%native
int y1 = 3, index = 4, time = 5; y1 + index + time
// ---
%%native
int counted(void) { static int n; return ++n; }
counted() + counted()
// ---
counted()
// ---
%%native
#ifdef __GNUC__
1
#else
0
#endif
// ---
%%native -DSIX=6 -O1
SIX
// ---
%%native
model_t *model = Sequential("tiny", Input(4), Dense(3)); model != NULL
