_Thread_local int t;
// ---
register int r = 3; r
// ---
extern int r; r
// ---
auto int q = 4; q
// ---
inline int f(void) { return 5; } f()
