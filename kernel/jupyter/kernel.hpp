#ifndef XTINYCC_JUPYTER_KERNEL_HPP
#define XTINYCC_JUPYTER_KERNEL_HPP

#include <string>

namespace xtinycc
{

// Run the Jupyter kernel on the connection file @p path until it is shut down.
// Returns the exit status: 0, or 2 if it could not start (one line on stderr said why).
// Call it with SIGINT, SIGTERM, SIGCHLD and SIGPIPE blocked and before any thread exists.
int run_kernel(const std::string &path);

} // namespace xtinycc
#endif
