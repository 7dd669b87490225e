typedef int T; T * y; int z = 2; y = &z; *y
// ---
T (w); w = 5; w
// ---
typedef struct node { int v; struct node *next; } node;
node *list = NULL; node one = {1, list}; list = &one; list->v
