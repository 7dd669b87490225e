int x = 41;
int depth(int n) {
    char room[1000];
    room[0] = n;
    return depth(n + 1) + room[0];
}
// ---
depth(0)
// ---
void big(void) {
    char room[64 << 20];
    room[0] = 1;
}
big();
// ---
char fits[64 << 20];
fits[(64 << 20) - 1] = 7;
fits[(64 << 20) - 1]
// ---
int even(int n); int odd(int n) { return even(n - 1); } int even(int n) { return odd(n - 1); }
odd(7);
// ---
x + 1
