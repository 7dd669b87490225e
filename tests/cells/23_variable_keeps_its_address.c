int v=1; int *pv=&v;
// ---
int v=5;
// ---
*pv
// ---
int v;
// ---
*pv
// ---
int t[3] = {1,2,3}; int *first = t;
// ---
puts("again"); int t[3] = {4,5,6};
// ---
*first
