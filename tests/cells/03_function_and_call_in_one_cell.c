int sq(int n){return n*n;} sq(7)
// ---
sq(sq(2))
