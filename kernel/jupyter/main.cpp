// xtinycc: the Jupyter kernel, and the terminal commands that share its session.
#include "kernel.hpp"

#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#ifndef XTINYCC_WITHOUT_REPL
extern "C" {
#include "repl.h"
}
#endif

namespace
{

const char usage[] =
    "usage: xtinycc -f CONNECTION_FILE   serve as a Jupyter kernel\n"
    "       xtinycc repl                 cells in the terminal\n"
    "       xtinycc run FILE.c           run the cells of a file, separated by lines // ---\n"
    "       xtinycc export NB.ipynb [-o FILE.c]   write a notebook as a C program\n"
    "       xtinycc doctor                tell what was found on this machine\n"
    "       xtinycc --version\n";

// Signals come by descriptor, in the thread that wants them; every later thread inherits this.
void block_signals()
{
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGPIPE}) {
        sigaddset(&set, signal);
    }
    sigprocmask(SIG_BLOCK, &set, nullptr);
}

} // namespace

int main(int argc, char **argv)
{
    const std::string first = argc > 1 ? argv[1] : "";
    if (first == "--version") {
        std::puts("xtinycc " XTINYCC_VERSION);
        return 0;
    }
    if (first == "--help" || first == "-h") {
        std::fputs(usage, stdout);
        return 0;
    }
    if (first == "-f" && argc == 3) {
        block_signals();
        return xtinycc::run_kernel(argv[2]);
    }
#ifndef XTINYCC_WITHOUT_REPL
    if (first == "repl" || first == "run" || first == "export" || first == "doctor") {
        return repl_main(argc - 1, argv + 1);
    }
#endif
    std::fputs(usage, stderr);
    return 2;
}
