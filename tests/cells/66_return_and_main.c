int x = 1;
// ---
x = 2; return 7; x = 3;
// ---
x
// ---
int main(void) { puts("hi"); x = 4; return 0; }
// ---
int main(void) { x = 5; return 3; }
// ---
x
