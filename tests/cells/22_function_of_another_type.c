int f(void){return 2;}
// ---
int g(void){return f();}
// ---
double f(void){return 3;}
// ---
g()
// ---
f()
