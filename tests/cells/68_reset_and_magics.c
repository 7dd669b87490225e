int x = 1;
// ---
%reset
// ---
x
// ---
%lsmagic
// ---
%undoo
// ---
%time int y = 2;
// ---
y
// ---
double w = 2.5; int twice(int v) { return 2 * v; }
// ---
%who
// ---
%whos
// ---
%timeit twice(3);
// ---
%env XTINYCC_TEST_NAME=some value
!echo "$XTINYCC_TEST_NAME"
strlen(getenv("XTINYCC_TEST_NAME"))
// ---
%args one two
int main(int argc, char **argv) { printf("%d %s %s\n", argc, argv[1], argv[2]); return 0; }
// ---
!exit 3
// ---
%cd /nowhere/at/all
// ---
%%native
int native = 1;
