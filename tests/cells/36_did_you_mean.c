sqr(2.0)
// ---
int counter = 2;
// ---
conuter + 1
// ---
prinft("x");
