int later(int);
int uses(int x) { return later(x) + 1; }
// ---
uses(1)
// ---
int later(int x) { return x * 100; }
uses(1)
// ---
int later(int x) { return x * 1000; }
uses(1)
// ---
extern int nowhere;
// ---
nowhere
// ---
int nowhere = 3;
nowhere
