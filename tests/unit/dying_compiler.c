/* For life_test, loaded into the worker before all else: while the file that XTINYCC_DYING names is
   there, compile children die as soon as they have got their name, before they take a request. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((visibility("default"))) int prctl(int option, ...)
{
    va_list list;
    va_start(list, option);
    unsigned long a[4];
    for (int i = 0; i < 4; i++)
        a[i] = va_arg(list, unsigned long);
    va_end(list);
    const char *file = getenv("XTINYCC_DYING");
    if (option == PR_SET_NAME && strcmp((const char *)a[0], "xtinycc-compile") == 0 && file &&
        access(file, F_OK) == 0)
        kill(getpid(), SIGKILL);
    return (int)syscall(SYS_prctl, option, a[0], a[1], a[2], a[3]);
}
