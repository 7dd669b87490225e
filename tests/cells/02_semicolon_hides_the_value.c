int x = 41;
// ---
x+1;
// ---
// nothing but a comment
// ---

// ---
;;
