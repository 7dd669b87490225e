(char*)16
// ---
1+1
// ---
int *none = 0; none
// ---
*(int *)0
// ---
struct s { int a, b; } *nowhere = 0; nowhere->b
// ---
*(double *)16
