int f(void) {
  int a = 1
  return a;
}
// ---
f()
// ---
int ok = 1;
int x = 1 +;
// ---
ok
// ---
puts("not printed");
int y = undefined_thing;
// ---
int g() }
// ---
int h(
// ---
char *s = "open;
// ---
/* open
