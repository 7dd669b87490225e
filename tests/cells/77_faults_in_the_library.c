int x = 41;
size_t length(const char *s) {
    return strlen(s) + 1;
}
// ---
length(NULL)
// ---
char small[4];
strcpy(small, NULL);
// ---
FILE *f = fopen("/nonexistent/file", "r");
char line[80];
fgets(line, sizeof line, f);
// ---
printf("%s\n", (char *)16);
// ---
memset(&x, 7, 1 << 30);
// ---
int by_zero(const void *a, const void *b) {
    return *(int *)a / (*(int *)b - 3);
}
int list[] = {1, 2, 3, 4};
qsort(list, 4, sizeof list[0], by_zero);
// ---
free((void *)&x);
// ---
char *h = malloc(10);
free(h);
free(h);
// ---
x + 1
