#include "repl.h"

int main(int argc, char **argv)
{
    return repl_main(argc - 1, argv + 1);
}
