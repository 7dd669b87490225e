#define NOINLINE __attribute__((noinline)) __attribute__((noclone))
void NOINLINE say(int n)
{
    printf("%d\n", n);
}
void NOINLINE say_twice(int n) { say(n); say(n); }
say_twice(4);
// ---
void check(double x, int true)
{
    double M_PI = 3;
    if (true)
        printf("%g\n", x * M_PI);
}
check(2, 5);
M_PI > 3.1 && true == 1
// ---
{ const double M_E = 1; printf("%g\n", M_E); }
M_E > 2
// ---
float half(x) float x; { return x / 2; }
// ---
int sub(int i, int array[i++]) { return i; }
// ---
[[maybe_unused]] int n = 3;
// ---
#define PAIR(a, b) a b
PAIR(unsigned, int) joined(PAIR(int, x)) { return x + 1u; }
joined(3)
