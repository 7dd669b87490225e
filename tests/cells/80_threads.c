#include <pthread.h>
#include <unistd.h>
int x = 41;
void *work(void *argument) { *(int *)argument += 1; return argument; }
// ---
pthread_t t; int n = 1;
pthread_create(&t, NULL, work, &n); pthread_join(t, NULL); n
// ---
pthread_create(&t, NULL, work, NULL); pthread_join(t, NULL);
// ---
void *ends(void *argument) { exit(0); return argument; }
x = 43;
pthread_create(&t, NULL, ends, NULL);
sleep(10);
// ---
x
// ---
void *fails(void *argument) { exit(4); return argument; }
x = 44;
pthread_create(&t, NULL, fails, NULL);
sleep(10);
// ---
x
