int n = 3; double m[n][n]; m[2][2] = 5; sizeof m
// ---
m[2][2]
// ---
int k = 0; char c[k];
// ---
m[2][2]
