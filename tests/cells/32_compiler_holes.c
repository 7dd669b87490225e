struct v{char c;int i;}__attribute__((packed));
// ---
sizeof(struct v)
// ---
int v; __attribute__((constructor)) void c(void){v=3;}
// ---
v
// ---
double y = cosh_typo(1.0);
// ---
int f(int x){ goto L; }
// ---
1+1
// ---
struct s{int a;_Static_assert(1,"");};
// ---
sizeof(struct s)
// ---
int x[2]={1,2,3};
// ---
enum e{A=1}; sizeof(enum e)
// ---
#include <regex.h>
// ---
regex_t r; regcomp(&r,"a+",0)
// ---
const int k=3;
// ---
k=4;
// ---
k
