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
// ---
int big = 3000000000; big
// ---
char c = 200; c
// ---
int f(void) { unsigned short s = 70000, t = 1; return s + t; } f()
// ---
int a = 2147483647, b = -2147483648, c2 = 0xffffffff; unsigned d = 4294967295, e9 = -1; unsigned char g9 = 255; short h = -32768; long l = 3000000000; long long m = 9223372036854775807; int n = 3000000000.0; a + b + c2
