/* Stands for libnn in the tests of Stop: long calls that poll and return what they have. */
#include "fake_nn.h"

#include <unistd.h>

static int (*poll_stop)(void);

/* Stop knows the library by this name. */
__attribute__((visibility("default"))) int nb_interrupted(void)
{
    return poll_stop();
}

void fake_nn_set_poll(int (*poll)(void))
{
    poll_stop = poll;
}

int fake_work(void)
{
    while (!nb_interrupted())
        usleep(1000);
    return 42;
}

fake_result fake_work_result(void)
{
    fake_result result = {{1, 2, 3, 4, 5}};
    fake_work();
    return result;
}

int fake_work_with(int (*callback)(int))
{
    int last = 0;
    for (int i = 0; !nb_interrupted(); i++)
        last = callback(i);
    return last >= 0 ? 43 : 0;
}
