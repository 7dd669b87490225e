"a" L"b"
// ---
sizeof("a" L"b") + sizeof(L"a" "b" L"c")
// ---
L"a" "b" L"c"
// ---
#define W L"x"
sizeof("a" W "b") / sizeof *W
// ---
#include <wchar.h>
int ok(void) { return wcslen("ab" L"c" "d") == 4 && ("a" L"b")[1] == 'b'; }
ok() && wcscmp(L"%" PRId64 L"!", L"%ld!") == 0
// ---
"a" "b" u8"é"
// ---
__auto_type x = 3; x + 1
// ---
x = 7; x
// ---
__auto_type y = 1.5f, *no = 0;
// ---
__auto_type y = 1.5f; sizeof y + y
// ---
__auto_type s = "text"; s
// ---
struct point { int x, y; } p = {1, 2}; __auto_type q = p; q.y
// ---
int inc(int n) { return n + 1; } __auto_type f = inc; const __auto_type k = f(3) + 0.5; k
// ---
char c = 5; __auto_type d = c; sizeof d + sizeof k
// ---
__auto_type z;
// ---
int a[3]; __auto_type e = a;
// ---
double inc(int n) { return n; }
k
