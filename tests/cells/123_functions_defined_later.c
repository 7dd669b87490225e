int main(void) { printf("%g %d\n", half(3), rest(7, 4)); return 0; }
double half(double x) { return x / 2; }
static int rest(a, b) int a; int b; { return a % b; }
// ---
int calls(void) { struct { int late; } s = {3}; return s.late + late(2); }
int late(int v) { return 10 * v; }
calls()
// ---
int calls(void) { return late(2.5) + 1; }
typedef double number;
number late(number v) { return 10 * v; }
calls()
// ---
int calls(void) { return late(2.5) + 1; }
double late(double v) { return 10 * v; }
calls()
