int i = 0; while (i < 3) { printf("%d ", i); i++; }
// ---
i
// ---
do i--; while (i > 1); switch (i) { case 1: puts("one"); break; default: puts("other"); }
// ---
if (i) puts("yes"); else puts("no");
// ---
{ int hidden = 5; i = hidden; } i
