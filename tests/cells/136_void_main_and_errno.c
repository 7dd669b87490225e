void main(void) { puts("no status"); }
// ---
void main() { exit(3); }
// ---
int main() { return 2; }
// ---
errno = 0; FILE *none = fopen("/nonexistent/file", "r"); errno
// ---
strerror(errno)
