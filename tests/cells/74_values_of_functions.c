int add(int a, int b) { return a + b; }
add
// ---
int (*op)(int, int) = add; op
// ---
op(2, 3)
// ---
double scale(const double *v, int n, char mode) { return 0; }
scale
// ---
void nothing(void) {}
nothing
// ---
op = NULL; op
// ---
puts
// ---
int add(int a, int b) { return a * b; }
add
// ---
struct operation { const char *name; int (*run)(int, int); } table[] = {{"add", add}};
table
