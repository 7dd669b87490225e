#include "sockets.hpp"

#include "connection.hpp"

#include <zmq.h>

namespace xtinycc
{

namespace
{

constexpr int iopub_queue = 1000; // messages a subscriber may lag behind
constexpr int linger_ms = 250;    // how long unsent replies may delay the end

void set(void *socket, int option, int value)
{
    zmq_setsockopt(socket, option, &value, sizeof value);
}

} // namespace

sockets::sockets(const kernel_config &config) : m_context(zmq_ctx_new())
{
    if (m_context == nullptr) {
        throw startup_error("cannot create a ZeroMQ context");
    }
    const auto endpoint = [&config](const std::string &number) {
        return endpoint_of(config.m_transport, config.m_ip, number);
    };
    try {
        open(SHELL, ZMQ_ROUTER, endpoint(config.m_shell_port));
        open(CONTROL, ZMQ_ROUTER, endpoint(config.m_control_port));
        open(STDIN, ZMQ_ROUTER, endpoint(config.m_stdin_port));
        open(IOPUB, ZMQ_XPUB, endpoint(config.m_iopub_port));
        open(HEARTBEAT, ZMQ_ROUTER, endpoint(config.m_hb_port));
    } catch (...) {
        close();
        throw;
    }
}

sockets::~sockets()
{
    close();
}

void sockets::open(port p, int type, const std::string &endpoint)
{
    void *s = zmq_socket(m_context, type);
    if (s == nullptr) {
        throw startup_error(std::string("cannot create a socket: ") + zmq_strerror(zmq_errno()));
    }
    m_socket[p] = s;
    set(s, ZMQ_LINGER, linger_ms);
    set(s, ZMQ_IPV6, endpoint.find('[') != std::string::npos ? 1 : 0);
    const int64_t largest = message_limit;
    zmq_setsockopt(s, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    if (p == IOPUB) {
        set(s, ZMQ_SNDHWM, iopub_queue);
        set(s, ZMQ_XPUB_VERBOSE, 1); // each subscriber is welcomed, not only the first
        set(s, ZMQ_XPUB_NODROP, 1);
    } else {
        // Requests and replies are never dropped for a queue's length.
        set(s, ZMQ_RCVHWM, 0);
        set(s, ZMQ_SNDHWM, 0);
    }
    if (p == STDIN) {
        set(s, ZMQ_ROUTER_MANDATORY, 1); // a question to nobody is tried again
    }
    if (zmq_bind(s, endpoint.c_str()) != 0) {
        throw startup_error("cannot listen on " + endpoint + ": " + zmq_strerror(zmq_errno()));
    }
}

void sockets::close()
{
    for (void *&s : m_socket) {
        if (s != nullptr) {
            zmq_close(s);
        }
        s = nullptr;
    }
    if (m_context != nullptr) {
        while (zmq_ctx_term(m_context) != 0 && zmq_errno() == EINTR) {
        }
    }
    m_context = nullptr;
}

bool sockets::receive(port p, frames &out)
{
    out.clear();
    for (int more = 1; more != 0;) {
        zmq_msg_t part;
        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, m_socket[p], ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&part);
            return false;
        }
        out.emplace_back(static_cast<const char *>(zmq_msg_data(&part)), zmq_msg_size(&part));
        more = zmq_msg_more(&part);
        zmq_msg_close(&part);
    }
    return true;
}

bool sockets::send(port p, const frames &message)
{
    for (std::size_t i = 0; i < message.size(); ++i) {
        const int more = i + 1 < message.size() ? ZMQ_SNDMORE : 0;
        if (zmq_send(m_socket[p], message[i].data(), message[i].size(), ZMQ_DONTWAIT | more) < 0) {
            return false;
        }
    }
    return true;
}

void sockets::publish_or_drop(const frames &message)
{
    // libzmq leaves the full queue out until it has been read again, so a subscriber that never
    // reads costs its wait only once.
    set(m_socket[IOPUB], ZMQ_XPUB_NODROP, 0);
    send(IOPUB, message);
    set(m_socket[IOPUB], ZMQ_XPUB_NODROP, 1);
}

} // namespace xtinycc
