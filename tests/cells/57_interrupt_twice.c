#include <pthread.h>
pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
int x = 1;
// ---
x = 2; pthread_mutex_lock(&m); pthread_mutex_lock(&m);
// ---
x
