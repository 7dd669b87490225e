int k = 1; return 7; k = 2;
// ---
k
// ---
k = 3; return; k = 4;
// ---
k
// ---
if (k == 3) return; k = 9;
// ---
k
