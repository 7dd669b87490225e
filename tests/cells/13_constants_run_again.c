int sq(int v) { return v*v; }
// ---
const int k = sq(3);
// ---
k
// ---
const int *where = &k;
// ---
const int k = sq(4);
// ---
k
// ---
*where
// ---
k = 4;
