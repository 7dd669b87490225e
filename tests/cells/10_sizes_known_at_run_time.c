int n = 3; double m[n][n]; m[2][2] = 5; sizeof m
// ---
m[2][2]
// ---
int k = 0; char c[k];
// ---
m[2][2]
// ---
puts("once"); int a[n], b[n + 1]; a[2] = 7; char s[a[2]]; sizeof a + sizeof b + sizeof s
// ---
return; int never[n]; puts("no");
// ---
double m[n + 1][n]; sizeof m
// ---
double square(double v[3][3]) { return v[1][1] * v[1][1]; } double q[n][n]; q[1][1] = 3; square(q)
