#include <unistd.h>
#include <sys/wait.h>
int x = 5;
// ---
if (!fork()) sleep(30);
*(int *)0 = 1;
// ---
if (!fork()) { printf("child\n"); exit(4); }
int status; wait(&status); WEXITSTATUS(status)
// ---
while (wait(NULL) > 0);
x
// ---
for (int i = 3; i < 500; i++) close(i);
x
// ---
close(1); close(2);
// ---
printf("x is %d\n", x);
// ---
execlp("echo", "echo", "hi", (char *)0);
// ---
x
