printf("no newline");
// ---
#include <unistd.h>
fprintf(stderr, "e\n"); printf("o\n"); write(1, "w\n", 2); system("echo s");
// ---
fwrite("\xff\xfe", 1, 2, stdout);
// ---
printf("\xc3"); fflush(stdout); usleep(120000); printf("\xa9");
// ---
for (int i = 0; i < 100000; i++) printf("%d\n", i);
// ---
puts("a"); fork() ? (void)0 : (puts("from the child"), _exit(0));
#include <sys/wait.h>
wait(NULL);
// ---
fwrite("a\0b", 1, 3, stdout);
