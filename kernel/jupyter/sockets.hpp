// The five ZeroMQ sockets of a kernel, over libzmq's C interface.
//
// Only the I/O thread touches the sockets after construction.
#ifndef XTINYCC_JUPYTER_SOCKETS_HPP
#define XTINYCC_JUPYTER_SOCKETS_HPP

#include "codec.hpp"
#include "compat.hpp"

#include <array>

namespace xtinycc
{

enum port { SHELL, CONTROL, STDIN, IOPUB, HEARTBEAT, PORTS };

class sockets
{
  public:
    // Bind all five. Throws startup_error with the endpoint's name.
    explicit sockets(const kernel_config &config);
    ~sockets();
    sockets(const sockets &) = delete;
    sockets &operator=(const sockets &) = delete;

    void *handle(port p) const { return m_socket[p]; }

    // Take one whole message if there is one.
    bool receive(port p, frames &out);
    // Send without waiting. On failure zmq_errno() is EAGAIN (a subscriber's queue is full) or
    // EHOSTUNREACH (stdin: that client is not connected); nothing of the message has left.
    bool send(port p, const frames &message);
    // Send on iopub so that only a subscriber whose queue is full misses the message.
    void publish_or_drop(const frames &message);

  private:
    void open(port p, int type, const std::string &endpoint);
    void close();

    void *m_context = nullptr;
    std::array<void *, PORTS> m_socket{};
};

} // namespace xtinycc
#endif
