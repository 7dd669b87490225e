// The main thread's side of the server, and what both threads use. See server.hpp.
#include "server.hpp"

#include "requests.hpp"

#include <csignal>
#include <ctime>

#include <sys/signalfd.h>
#include <unistd.h>
#include <xeus/xguid.hpp>

namespace xtinycc
{

namespace
{

// ISO 8601, microseconds, UTC. (xeus' own leaves out leading zeros and is not thread-safe.)
std::string now_iso()
{
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    tm utc;
    gmtime_r(&now.tv_sec, &utc);
    char text[64];
    const auto size = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + size, sizeof text - size, ".%06ldZ", now.tv_nsec / 1000);
    return text;
}

json as_object(const json &j)
{
    return j.is_object() ? j : json::object();
}

bool is_execute(const message &m)
{
    return m.header["msg_type"] == "execute_request";
}

int open_signals()
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

// How long requests that are already in the socket may take to reach the inbox.
constexpr std::chrono::milliseconds in_flight(2);

} // namespace

server::server(const kernel_config &config)
    : m_codec(config.m_key), m_sockets(config), m_signals(open_signals()),
      m_user(xeus::get_user_name())
{
}

server::~server()
{
    close(m_signals);
}

// ------------------------------------------------------------------------- for the interpreter

bool server::interrupted()
{
    std::lock_guard<std::mutex> lock(m_mutex);
    return m_interrupted || m_stop;
}

answer server::ask(const std::string &prompt, bool password)
{
    message question;
    question.identities = m_current.identities;
    question.header = make_header("input_request");
    question.parent_header = m_current.header;
    question.metadata = json::object();
    question.content = {{"prompt", prompt}, {"password", password}};

    std::unique_lock<std::mutex> lock(m_mutex);
    m_asking = true; // only from here on is an answer kept: older ones are stale
    m_answered = false;
    m_asked = question.identities;
    m_outbox.push(STDIN, m_codec.encode(question));
    m_changed.wait(lock, [this] { return m_answered || m_interrupted || m_stop; });
    m_asking = false;
    if (!m_answered) {
        return {answer::interrupted, ""};
    }
    return {answer::given, std::move(m_answer)};
}

// ------------------------------------------------------------------------------ for any thread

json server::make_header(const std::string &msg_type) const
{
    return {{"msg_id", std::string(xeus::new_xguid())},
            {"username", m_user},
            {"session", m_session},
            {"date", now_iso()},
            {"msg_type", msg_type},
            {"version", xeus::get_protocol_version()}};
}

void server::publish(const std::string &msg_type, json content, const json &parent)
{
    m_outbox.push(IOPUB, m_codec.encode({{msg_type},
                                         make_header(msg_type),
                                         parent,
                                         json::object(),
                                         std::move(content),
                                         {}}));
}

void server::publish_stream(const char *name, const std::string &text, const json &parent)
{
    m_outbox.push_text(m_codec.encode({{std::string("stream.") + name},
                                       make_header("stream"),
                                       parent,
                                       json::object(),
                                       {{"name", name}, {"text", text}},
                                       {}}));
}

void server::status(const json &parent, const char *state)
{
    publish("status", {{"execution_state", state}}, parent);
}

void server::reply(port to, const message &request, const std::string &msg_type, json content)
{
    m_outbox.push(to, m_codec.encode({request.identities,
                                      make_header(msg_type),
                                      request.header,
                                      json::object(),
                                      std::move(content),
                                      {}}));
}

void server::stop()
{
    {
        std::lock_guard<std::mutex> lock(m_mutex);
        m_stop = true;
        m_changed.notify_all();
    }
    m_outbox.close();
    m_outbox.wake();
}

// The requests that need neither xeus nor the interpreter.
void server::answer_itself(port from, const message &m)
{
    const std::string type = m.header["msg_type"];
    status(m.header, "busy");
    if (type == "kernel_info_request") {
        json info = on_kernel_info();
        info["protocol_version"] = xeus::get_protocol_version();
        reply(from, m, "kernel_info_reply", std::move(info));
    } else if (type == "interrupt_request") {
        reply(from, m, "interrupt_reply", {{"status", "ok"}});
    } else if (type == "shutdown_request") {
        reply(from, m, "shutdown_reply",
              {{"status", "ok"}, {"restart", m.content["restart"]}});
    } else {
        answer_comm(m);
    }
    status(m.header, "idle");
}

// No comm target is registered: whoever opens a comm is told that it is closed.
void server::answer_comm(const message &m)
{
    const std::string type = m.header["msg_type"];
    if (type == "comm_info_request") {
        reply(SHELL, m, "comm_info_reply", {{"status", "ok"}, {"comms", json::object()}});
    } else if (type == "comm_open") {
        publish("comm_close", {{"comm_id", m.content["comm_id"]}, {"data", json::object()}},
                m.header);
    }
}

// Answer a request whose content is not what the protocol says.
void server::refuse(const message &m, const std::string &why)
{
    const std::string type = reply_type_of(m.header["msg_type"]);
    status(m.header, "busy");
    if (!type.empty()) {
        json content = {{"status", "error"},
                        {"ename", "ProtocolError"},
                        {"evalue", why},
                        {"traceback", json::array({"ProtocolError: " + why})}};
        if (is_execute(m)) {
            content["execution_count"] = m_count;
        } else if (type == "is_complete_reply") {
            content = {{"status", "unknown"}}; // its status knows no "error"
        }
        reply(SHELL, m, type, std::move(content));
    }
    status(m.header, "idle");
}

// --------------------------------------------------------------------------------- main thread

void server::start_impl(xeus::xpub_message m)
{
    m_session = m.header().value("session", "");
    std::thread io([this] { run_io(); });
    std::unique_lock<std::mutex> lock(m_mutex);
    while (!m_stop) {
        m_changed.wait(lock, [this] { return !m_inbox.empty() || m_stop; });
        if (m_stop) {
            break;
        }
        message request = std::move(m_inbox.front());
        m_inbox.pop_front();
        m_busy = true;
        m_interrupted = false; // an interrupt while idle is void
        lock.unlock();
        dispatch(std::move(request));
        lock.lock();
        m_busy = false;
    }
    m_left = true;
    lock.unlock();
    m_outbox.wake();
    io.join();
}

void server::dispatch(message m)
{
    const std::string type = m.header["msg_type"];
    const std::string wrong = check_request(type, m.content);
    if (!wrong.empty()) {
        refuse(m, wrong);
        return;
    }
    switch (handler_of(type)) {
    case handler::core:
        to_core(m);
        break;
    case handler::server:
        answer_itself(SHELL, m);
        if (type == "shutdown_request") {
            stop();
        }
        break;
    case handler::nobody:
        status(m.header, "busy");
        status(m.header, "idle");
        break;
    }
}

void server::to_core(const message &m)
{
    m_current.identities = m.identities;
    m_current.header = m.header;
    m_began = now_iso();
    if (is_execute(m)) {
        const bool silent = m.content["silent"];
        m_stop_on_error = m.content["stop_on_error"] && !silent;
        if (!silent && m.content["store_history"]) {
            ++m_count;
        }
    }
    xeus::buffer_sequence buffers;
    for (const auto &b : m.buffers) {
        buffers.emplace_back(b.begin(), b.end());
    }
    notify_shell_listener(xeus::xmessage(m.identities, m.header, m.parent_header, m.metadata,
                                         m.content, std::move(buffers)));
    answer_aborted_cells();
}

// The cells that are queued when an error leaves are aborted. They are taken aside before the
// reply is sent: what the client sends once it has seen the error must run.
void server::set_aside_queued_cells()
{
    std::this_thread::sleep_for(in_flight);
    std::lock_guard<std::mutex> lock(m_mutex);
    for (auto i = m_inbox.begin(); i != m_inbox.end();) {
        if (is_execute(*i)) {
            m_aborted.push_back(std::move(*i));
            i = m_inbox.erase(i);
        } else {
            ++i;
        }
    }
}

void server::answer_aborted_cells()
{
    for (const auto &m : m_aborted) {
        status(m.header, "busy");
        // No execution count: front ends would number a cell that did not run.
        reply(SHELL, m, "execute_reply", {{"status", "aborted"}});
        status(m.header, "idle");
    }
    m_aborted.clear();
}

// ------------------------------------------------------------------ called by xeus, main thread

void server::send(port to, const xeus::xmessage &m, json metadata, json content)
{
    json header = m.header();
    header["date"] = now_iso();
    m_outbox.push(to, m_codec.encode({m.identities(), std::move(header), m.parent_header(),
                                      std::move(metadata), std::move(content), {}}));
}

void server::send_shell_impl(xeus::xmessage m)
{
    json metadata = as_object(m.metadata());
    json content = as_object(m.content());
    const std::string type = m.header().value("msg_type", "");
    if (type == "execute_reply") {
        metadata["started"] = m_began;
        content["execution_count"] = m_count; // xeus counts cells that are not to be counted
        if (content.value("status", "") == "error" && m_stop_on_error) {
            set_aside_queued_cells();
        }
    } else if (type == "history_reply" && !content.contains("history")) {
        content = {{"status", "ok"}, {"history", json::array()}}; // unknown hist_access_type
    }
    send(SHELL, m, std::move(metadata), std::move(content));
}

// Not reached: the server answers control requests itself, and the interpreter asks it directly.
void server::send_control_impl(xeus::xmessage m)
{
    send(CONTROL, m, as_object(m.metadata()), as_object(m.content()));
}

void server::send_stdin_impl(xeus::xmessage m)
{
    send(STDIN, m, as_object(m.metadata()), as_object(m.content()));
}

void server::publish_impl(xeus::xpub_message m, xeus::channel)
{
    json content = as_object(m.content());
    if (m.header().value("msg_type", "") == "execute_input") {
        content["execution_count"] = m_count;
    }
    publish(m.header().value("msg_type", ""), std::move(content), as_object(m.parent_header()));
}

} // namespace xtinycc
