int x = 1;
// ---
int z = 0;
5 / z
// ---
z
// ---
x
