// The I/O thread of the server: five sockets, two signals, one queue. Never blocks. See server.hpp.
#include "log.hpp"
#include "requests.hpp"
#include "server.hpp"

#include <csignal>

#include <sys/signalfd.h>
#include <unistd.h>
#include <zmq.h>

namespace xtinycc
{

namespace
{

// How long a subscriber whose queue is full may hold up everybody. A shorter wait would make
// healthy but slow ones lose messages.
constexpr std::chrono::milliseconds patience(1000);
// How long the main thread may take to leave its cell at the end, and the queue to empty after.
constexpr std::chrono::milliseconds leave_time(400);
constexpr std::chrono::milliseconds linger_time(250);
// Messages handled in a row before the other sockets get their turn.
constexpr int batch = 256;

} // namespace

void server::run_io()
{
    while (!finished()) {
        poll_once();
        read_signals();
        read_heartbeat();
        read_control();
        read_shell();
        read_stdin();
        read_subscriptions();
        ask_again();
        flush();
        if (!m_stop && m_parent.gone(m_started)) {
            interrupt();
            stop();
        }
    }
}

int server::poll_timeout() const
{
    if (m_blocked) {
        return 2;
    }
    if (m_stop) {
        return 10;
    }
    return m_unrouted.empty() ? 1000 : 20; // 1000: look at the parent process
}

void server::poll_once()
{
    zmq_pollitem_t items[PORTS + 2] = {};
    for (int p = 0; p < PORTS; ++p) {
        items[p].socket = m_sockets.handle(static_cast<port>(p));
        items[p].events = ZMQ_POLLIN;
    }
    items[PORTS].fd = m_outbox.wakeup_fd();
    items[PORTS].events = ZMQ_POLLIN;
    items[PORTS + 1].fd = m_signals;
    items[PORTS + 1].events = ZMQ_POLLIN;
    // A failure is EINTR: the loop goes round in any case.
    zmq_poll(items, PORTS + 2, m_outbox.empty() || m_blocked ? poll_timeout() : 0);
    m_outbox.drain_wakeups();
}

void server::read_signals()
{
    signalfd_siginfo info;
    while (read(m_signals, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        interrupt();
        if (info.ssi_signo != SIGINT) { // SIGTERM, or SIGHUP of a terminal that closes
            stop();
        }
    }
}

void server::read_heartbeat()
{
    frames f;
    for (int i = 0; i < batch && m_sockets.receive(HEARTBEAT, f); ++i) {
        m_sockets.send(HEARTBEAT, f);
    }
}

void server::read_control()
{
    frames f;
    for (int i = 0; i < batch && m_sockets.receive(CONTROL, f); ++i) {
        message m;
        if (const char *why = m_codec.decode(f, m)) {
            log_dropped(why);
        } else {
            m_started = true;
            on_control(std::move(m));
        }
    }
}

void server::on_control(message m)
{
    const std::string type = m.header["msg_type"];
    const bool ends = type == "shutdown_request";
    if (ends || type == "interrupt_request") {
        interrupt();
    }
    if (ends || type == "interrupt_request" || type == "kernel_info_request") {
        if (ends && !check_request(type, m.content).empty()) {
            m.content["restart"] = false; // of a wrong type: an ill-formed farewell is one, too
        }
        answer_itself(CONTROL, m);
    } else {
        status(m.header, "busy");
        status(m.header, "idle");
    }
    if (ends) {
        stop();
    }
}

void server::read_shell()
{
    frames f;
    for (int i = 0; i < batch && m_sockets.receive(SHELL, f); ++i) {
        message m;
        if (const char *why = m_codec.decode(f, m)) {
            log_dropped(why);
            continue;
        }
        m_started = true;
        std::lock_guard<std::mutex> lock(m_mutex);
        m_inbox.push_back(std::move(m));
        m_changed.notify_all();
    }
}

void server::read_stdin()
{
    frames f;
    for (int i = 0; i < batch && m_sockets.receive(STDIN, f); ++i) {
        message m;
        if (const char *why = m_codec.decode(f, m)) {
            log_dropped(why);
            continue;
        }
        const auto value = m.content.find("value");
        if (m.header["msg_type"] != "input_reply" || value == m.content.end() ||
            !value->is_string()) {
            log_dropped("not an input_reply");
            continue;
        }
        std::lock_guard<std::mutex> lock(m_mutex);
        if (m_asking && !m_answered && m.identities == m_asked) {
            m_answered = true;
            m_answer = value->get<std::string>();
            m_changed.notify_all();
        }
    }
}

// A subscription is one frame: 1 and the topic's prefix (0 ends it). Anything else is ignored.
void server::read_subscriptions()
{
    frames f;
    for (int i = 0; i < batch && m_sockets.receive(IOPUB, f); ++i) {
        if (f.size() != 1 || f[0].empty() || f[0][0] != 1) {
            continue;
        }
        const std::string topic = f[0].substr(1);
        m_outbox.push(IOPUB, m_codec.encode({{topic},
                                             make_header("iopub_welcome"),
                                             json::object(),
                                             json::object(),
                                             {{"subscription", topic}},
                                             {}}));
        // Said to the first subscriber, as before there is nobody to hear it; but not once a
        // request has come, when it would look like a restart.
        if (!m_started) {
            m_started = true;
            status(json::object(), "starting");
        }
    }
}

// Stop what the main thread is doing. While it does nothing this is void, and the next request is
// not affected.
void server::interrupt()
{
    // Under the lock, so that no other request begins before the cell of this one has been told.
    std::lock_guard<std::mutex> lock(m_mutex);
    if (!m_busy) {
        return;
    }
    m_interrupted = true;
    m_changed.notify_all();
    if (on_interrupt) {
        on_interrupt();
    }
}

void server::flush()
{
    outbox::entry e;
    for (int i = 0; i < batch && m_outbox.take(e); ++i) {
        if (!flush_one(e)) {
            m_outbox.put_back(std::move(e));
            return;
        }
        m_outbox.sent(e);
    }
}

// Returns false if the message is to be tried again later.
bool server::flush_one(const outbox::entry &e)
{
    if (m_sockets.send(e.to, e.message)) {
        m_blocked = false;
        return true;
    }
    if (e.to == STDIN && zmq_errno() == EHOSTUNREACH) {
        m_unrouted = e.message; // the client's stdin socket is not connected yet
        return true;
    }
    if (e.to != IOPUB || zmq_errno() != EAGAIN) {
        log_dropped("cannot be sent");
        return true;
    }
    const auto now = clock::now();
    if (!m_blocked) {
        m_blocked = true;
        m_blocked_since = now;
    }
    if (now - m_blocked_since < patience) {
        return false;
    }
    m_sockets.publish_or_drop(e.message);
    m_blocked = false;
    return true;
}

void server::ask_again()
{
    if (m_unrouted.empty()) {
        return;
    }
    bool asking;
    {
        std::lock_guard<std::mutex> lock(m_mutex);
        asking = m_asking;
    }
    if (!asking || m_sockets.send(STDIN, m_unrouted)) {
        m_unrouted.clear();
    }
}

// Whether the thread may end: the main thread has left its loop and everything has been sent, or
// has had its time.
bool server::finished()
{
    if (!m_stop) {
        return false;
    }
    const auto now = clock::now();
    bool left;
    {
        std::lock_guard<std::mutex> lock(m_mutex);
        left = m_left;
    }
    if (!m_stop_seen) {
        m_stop_seen = true;
        m_stop_since = now;
    }
    if (left) {
        if (!m_left_seen) {
            m_left_seen = true;
            m_left_since = now;
        }
        return m_outbox.empty() || now - m_left_since > linger_time;
    }
    if (!m_stuck_said && now - m_stop_since > leave_time) {
        m_stuck_said = true;
        if (on_stuck) {
            on_stuck();
        }
    }
    return false;
}

} // namespace xtinycc
