int index = 3;
// ---
index
// ---
index + 1
// ---
int index = 4;
// ---
index
