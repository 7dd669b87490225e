auto x = 3.7; x
// ---
for (auto i = 0.5; i < 2; i++) printf("%d ", i);
// ---
int f(void) { static n; return ++n; } f()
// ---
main() { auto int a = 2; static const char *s = "x"; register r; r = 1; return a - 2 * r; }
// ---
auto double y = 1.5; const float z = 2; static unsigned u; volatile int v; extern int e; y + z
// ---
int g(a, b) register a; const b; { return a + b; } g(1, 2)
