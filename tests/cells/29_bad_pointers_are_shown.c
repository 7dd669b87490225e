(char*)16
// ---
1+1
// ---
int *none = 0; none
