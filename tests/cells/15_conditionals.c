#if 0
int bad = ;
#else
int good = 1;
#endif
// ---
good
// ---
#define YES
#ifdef YES
# if defined NO
int a = 1;
# elif 1
int a = 2;
# endif
#endif
a
// ---
int f(void) {
#if 1
  return 5;
#else
  return 6;
#endif
}
f()
// ---
#if 1
int z;
