// The connection file that a kernel manager writes: read once and checked before xeus sees it.
#ifndef XTINYCC_JUPYTER_CONNECTION_HPP
#define XTINYCC_JUPYTER_CONNECTION_HPP

#include <stdexcept>
#include <string>

namespace xtinycc
{

// Why the kernel cannot start; what() is one line for the user.
class startup_error : public std::runtime_error
{
  public:
    using std::runtime_error::runtime_error;
};

struct connection {
    std::string transport; // "tcp" or "ipc"
    std::string ip;        // address, or path prefix for ipc
    std::string shell_port, control_port, stdin_port, iopub_port, hb_port;
    std::string key;     // never empty
    std::string warning; // what is unsafe but allowed; empty if nothing
};

// Read and check the file @p path. Throws startup_error.
connection read_connection(const std::string &path);

// The same for the text of a file (tests).
connection parse_connection(const std::string &text);

// The ZeroMQ endpoint of a port. Throws startup_error if an ipc path is too long for a socket.
std::string endpoint_of(const std::string &transport, const std::string &ip,
                        const std::string &port);

} // namespace xtinycc
#endif
