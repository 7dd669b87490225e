double data[4] = {1,2,3,4}; int calls; double sq(double x) { calls++; return x*x; }
// ---
%%native
double out[4];
static double twice(double x) { return 2 * x; }
double norm(void)
{
    double t = 0;
    for (int i = 0; i < 4; i++) {
        out[i] = sq(data[i]) + 1;
        t += out[i] * twice(1);
    }
    calls += 100;
    return t;
}
norm()
// ---
calls
// ---
out
// ---
double (*keep)(void) = norm; double use(void) { return norm(); } keep() + use() > 0
// ---
double sq(double x) { return 10; }
// ---
norm()
// ---
%%native
double norm(void) { return 7; }
// ---
keep() + use() + norm()
// ---
double norm(void) { return 1; }
// ---
keep() + use() + norm()
// ---
%%native
int norm(int k) { return k + 1; } norm(1)
// ---
use()
