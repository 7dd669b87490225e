%who
// ---
double w = 2.5; int twice(int v) { return 2 * v; } int m[2][2] = {{1, 2}, {3, 4}};
char *names[] = {"a", "b"}; struct pt { int x, y; } p = {1, 2};
struct pt *mk(int a, const char *s) { return &p; } unsigned long big[100];
// ---
double w = 3;
// ---
%who
// ---
%rm w m names mk big
// ---
%whos
// ---
w
// ---
%rm w
// ---
%source twice
// ---
twice?
// ---
?p
// ---
%reset
// ---
%who
