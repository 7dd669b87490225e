double w=3;
// ---
double x=2; x+w
// ---
x*=w; x
// ---
x<w
// ---
float f = 1.5f;
// ---
f += x; f
// ---
w - f
