#include <sys/mman.h>
char *far = mmap((void *)0x123456789000, 4096, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
far == (char *)0x123456789000
// ---
*(char *)0x123456789000 = 7; *far
// ---
*(char *)0x123456789000
// ---
((int *)0x123456789000)[1] = 9; ((int *)far)[1]
// ---
#define REG (*(volatile unsigned *)0x123456789008)
// ---
REG = 5; REG
// ---
*(int *)(0x123456789000 + 8)
// ---
*((int *)0x123456789000 + 2)
// ---
*(int *)(0x123456789UL << 12)
// ---
struct s { int a, b; }; ((struct s *)0x123456789000)->b
// ---
int peek(void)
{
    return *(int *)0x123456789004;
}
peek()
// ---
*far = 7;
// ---
char *copy = (char *)0x123456789000; *copy
// ---
6 * (int)(unsigned long)(char *)0x1000
// ---
*(int *)0x1000
