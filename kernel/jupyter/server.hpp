// The kernel's own server behind xeus' public xserver interface.
//
//   main thread  takes decoded requests from the inbox, has xeus handle them, runs the cells, and
//                puts encoded messages into the outbox. Handles shell requests strictly in order.
//   I/O thread   owns all sockets and never blocks: decodes, answers heartbeat and control at once,
//                takes SIGINT and SIGTERM, sends the outbox.
//
// No other thread touches a socket; publish() may be called from any thread.
#ifndef XTINYCC_JUPYTER_SERVER_HPP
#define XTINYCC_JUPYTER_SERVER_HPP

#include "codec.hpp"
#include "compat.hpp"
#include "outbox.hpp"
#include "parent_watch.hpp"
#include "sockets.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <xeus/xcontrol_messenger.hpp>
#include <xeus/xmessage.hpp>
#include <xeus/xserver.hpp>

namespace xtinycc
{

// What became of a question to the user.
struct answer {
    enum status { given, interrupted } status;
    std::string text;
};

class server final : public xeus::xserver, public xeus::xcontrol_messenger
{
  public:
    explicit server(const kernel_config &config);
    ~server() override;

    // The content of a kernel_info_reply; called on the I/O thread. (Only that reply, so that xeus
    // itself runs on the main thread alone.)
    std::function<json()> on_kernel_info;
    // Called on the I/O thread: stop the running cell; must not wait.
    std::function<void()> on_interrupt;
    // Called on the I/O thread when the main thread has not left its cell in time at the end.
    std::function<void()> on_stuck;

    // ---- for the interpreter, on the main thread, while a request is being handled
    int execution_count() const { return m_count; }
    const json &current_parent() const { return m_current.header; }
    bool interrupted();
    answer ask(const std::string &prompt, bool password);

    // ---- for any thread
    void publish(const std::string &msg_type, json content, const json &parent);
    // As publish("stream"), but waits while too much output is waiting.
    void publish_stream(const char *name, const std::string &text, const json &parent);

  private:
    // ---- called by xeus, on the main thread
    xeus::xcontrol_messenger &get_control_messenger_impl() override { return *this; }
    json send_to_shell_impl(const json &m) override { return notify_internal_listener(m); }
    void update_config_impl(kernel_config &) const override {}
    void send_shell_impl(xeus::xmessage m) override;
    void send_control_impl(xeus::xmessage m) override;
    void send_stdin_impl(xeus::xmessage m) override;
    void publish_impl(xeus::xpub_message m, xeus::channel c) override;
    void abort_queue_impl(const listener &, long) override {}
    void start_impl(xeus::xpub_message m) override;
    void stop_impl() override { stop(); }

    // ---- main thread (server.cpp)
    void dispatch(message m);
    void to_core(const message &m);
    void set_aside_queued_cells();
    void answer_aborted_cells();
    void refuse(const message &m, const std::string &why);

    // ---- either thread (server.cpp)
    void reply(port to, const message &request, const std::string &msg_type, json content);
    void status(const json &parent, const char *state);
    void answer_itself(port from, const message &m);
    void answer_comm(const message &m);
    void stop();
    json make_header(const std::string &msg_type) const;
    void send(port to, const xeus::xmessage &m, json metadata, json content);

    // ---- I/O thread (server_io.cpp)
    void run_io();
    void poll_once();
    void read_signals();
    void read_heartbeat();
    void read_control();
    void read_shell();
    void read_stdin();
    void read_subscriptions();
    void on_control(message m);
    void interrupt();
    void flush();
    bool flush_one(const outbox::entry &e);
    void ask_again();
    bool finished();
    int poll_timeout() const;

    using clock = std::chrono::steady_clock;

    codec m_codec;
    sockets m_sockets;
    outbox m_outbox;
    parent_watch m_parent;
    int m_signals; // signalfd of SIGINT, SIGTERM and SIGHUP
    std::string m_session, m_user;
    std::atomic<bool> m_stop{false};

    std::mutex m_mutex; // guards what follows
    std::condition_variable m_changed;
    std::deque<message> m_inbox;
    bool m_busy = false;        // a request is being handled
    bool m_interrupted = false; // since the request began
    bool m_asking = false;      // a question is open
    bool m_answered = false;
    std::string m_answer;
    frames m_asked; // identities of the client that was asked
    bool m_left = false; // the main thread has left its loop

    // main thread only
    message m_current; // the request being handled, without content
    std::string m_began; // when its handling began
    int m_count = 0;
    bool m_stop_on_error = true;
    std::vector<message> m_aborted;

    // I/O thread only
    bool m_started = false; // "starting" has been said, or it is too late to say so
    bool m_blocked = false; // a subscriber's queue is full
    clock::time_point m_blocked_since{};
    frames m_unrouted; // a question that found no client yet
    bool m_stop_seen = false, m_stuck_said = false, m_left_seen = false;
    clock::time_point m_stop_since{}, m_left_since{};
};

} // namespace xtinycc
#endif
