printf("a\n"); int k = 3; int twice(int v){return 2*v;} printf("%d\n", twice(k));
// ---
#include <ctype.h>
struct pair { int a, b; };
struct pair make(int a) { struct pair p = {a, toupper('x')}; return p; }
struct pair p = make(3);
#define SUM(p) ((p).a + (p).b)
printf("%d\n", SUM(p));
typedef struct pair pair;
pair *q = &p;
q->b
