/* A program without a notebook: an error prints one line and exits with status 1. */
#include "notebook.h"

int main(void)
{
    Sequential("net", Input(28, 28, 1), Dense(10));
    puts("not reached");
    return 0;
}
