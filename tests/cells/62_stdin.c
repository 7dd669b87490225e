int n; scanf("%d", &n);
n
// ---
char l[20]; printf("name? "); fgets(l, 20, stdin);
l
// ---
char a[20], b[20]; fgets(a, 20, stdin); fgets(b, 20, stdin);
printf("%s%s", a, b);
// ---
fgets(l, 20, stdin) == NULL && feof(stdin)
// ---
#include <unistd.h>
char r[8] = ""; read(0, r, 7);
r
