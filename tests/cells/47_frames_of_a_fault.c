int sum(const int *p, int n) {
    int s = 0;
    for (int i = 0; i < n; i++)
        s += p[i];
    return s;
}
// ---
int twice(const int *p, int n) {
    return 2 * sum(p, n);
}

int r = twice(NULL, 3);
// ---
1
