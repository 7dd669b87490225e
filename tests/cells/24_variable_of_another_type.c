int v=1;
// ---
int getv(void){return v;}
// ---
double v=2.5;
// ---
getv()
// ---
v
// ---
int v(void) { return 4; } v()
// ---
char v[2] = "x"; v
