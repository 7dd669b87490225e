double w = 2.5;
// ---
%%expect-error SIGSEGV
w = 7; *(int *)0 = 1;
// ---
w
// ---
%%expect-error
int x = nothing;
// ---
%%expect-error
1 + 1
// ---
%%expect-error SIGSEGV
abort();
// ---
%%expect-error ExitStatus
w = 3; exit(2);
// ---
w
// ---
%%expect-error ExitStatus
int main(void) { w = 4; return 2; }
// ---
w
// ---
%%expect-errors
1
// ---
1 + 1
