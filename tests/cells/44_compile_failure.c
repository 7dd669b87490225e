int x = 7;
// ---
x = 8;
int y = undeclared_thing + 1;
// ---
x
// ---
y
// ---
int f(int v) { goto nowhere; }
// ---
1 + 1
