int x = y; int y = 3;
// ---
printf("%d\n", z); int z = 5;
// ---
int p = q, q = 3;
// ---
int a = 1, a = 2;
// ---
int x = 1;
int x = 2;
// ---
int x; int x = 2; int x; x
// ---
x = 3; int x = x + 1; x
// ---
x
// ---
struct uses { int m; }; int reads(int m) { return m; }
// ---
m = 1; int m = 2;
// ---
int i = 3, j = i; { int k = 2; i += k; } int k = 3; i + j + k
// ---
struct s { int v; } s1 = {.v = 1}; printf("%d\n", s1.v); int v = 3; goto end; int end = 2; end: v
// ---
void *self = &self; struct node { struct node *next; } head = {&head}; self == &self && head.next == &head
// ---
"\u00e9\U0001F600"
// ---
#define EURO "\u20ac"
strlen(EURO "\u20ac") + L"\u20ac"[0]
// ---
'\nb'
// ---
'\''
// ---
'\x41'
