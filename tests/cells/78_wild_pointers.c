int x = 41, a[4];
int sum(const int *p, int n) { int s = 0; for (int i = 0; i < n; i++) s += p[i]; return s; }
// ---
int *wild = (int *)0x123456789000;
*wild = 1;
// ---
unsigned long bits = 0xdeadbeefdeadbeef;
*(int *)bits = 1;
// ---
sum(a, 1 << 28)
// ---
int (*callback)(int);
callback(3);
// ---
((void (*)(void))a)();
// ---
*(char *)sum = 1;
// ---
struct node { int value; struct node *next; } *list = NULL;
struct node *rest(struct node *n) { return n->next; }
rest(list);
// ---
void smash(void) { long room[2]; for (int i = 0; i < 40; i++) room[i] = 0x4141414141414141; }
smash();
// ---
x + 1
