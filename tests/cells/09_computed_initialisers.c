int f(int v){return v*2;} int t[] = {f(1), f(2), 3}; t
// ---
sizeof t / sizeof *t
// ---
struct s { int a; double b[2]; } v = {f(5), {f(1), 0.5}}; v
// ---
double m[2][2] = {{f(1)}, {2, f(3)}}; m
// ---
int u[] = {[3] = f(4), 5}; sizeof u / sizeof *u
// ---
u
