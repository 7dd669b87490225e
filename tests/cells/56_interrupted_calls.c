#include <unistd.h>
int x = 1;
// ---
x = 2; sleep(100); x = 3;
// ---
x
// ---
int ends[2]; char c; pipe(ends);
x = 4; read(ends[0], &c, 1); x = 5;
// ---
x
// ---
x = 6; system("sleep 100"); x = 7;
// ---
x
// ---
int slow(const void *a, const void *b) { usleep(1000); return *(int *)a - *(int *)b; }
int list[4000];
// ---
for (int i = 0; i < 4000; i++) list[i] = (i * 7919) % 4001;
x = 8; qsort(list, 4000, sizeof list[0], slow); x = 9;
// ---
x
// ---
void *p = malloc(100); free(p); printf("heap is whole\n");
