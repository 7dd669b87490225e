int v = 1; int getv(void) { return v; }
// ---
double v = 2.5;
// ---
int v = 9;
// ---
int now(void) { return v; } getv() + now()
// ---
int v = 10;
// ---
char v = 'c';
// ---
typedef struct node { int n; struct node *next; } node; node *list; struct node one; int len(node *p) { return p != NULL; }
// ---
typedef struct node { double n; struct node *next; } node;
