int f(void){return 1;}
// ---
int g(void){return f();} int (*h)(void)=f;
// ---
int f(void){return 2;}
// ---
g()+h()
// ---
int f(void){return 3;}
// ---
g()+h()
