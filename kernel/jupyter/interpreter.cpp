#include "interpreter.hpp"

#include "kernel_info.hpp"
#include "log.hpp"
#include "text.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace xtinycc
{

namespace
{

constexpr std::size_t remembered_parents = 64;
constexpr int indent_width_limit = 64;

std::string or_empty(const char *text)
{
    return text == nullptr ? std::string() : std::string(text);
}

// A host_reply that frees itself.
class reply_guard
{
  public:
    reply_guard() : m_reply() {}
    ~reply_guard() { host_reply_free(&m_reply); }
    reply_guard(const reply_guard &) = delete;
    reply_guard &operator=(const reply_guard &) = delete;
    host_reply *get() { return &m_reply; }
    const host_reply &operator*() const { return m_reply; }
    const host_reply *operator->() const { return &m_reply; }

  private:
    host_reply m_reply;
};

json traceback_of(const host_reply &reply)
{
    std::vector<std::string> lines = split_lines(or_empty(reply.traceback));
    if (lines.empty()) {
        lines.push_back(or_empty(reply.ename) + ": " + or_empty(reply.evalue));
    }
    return lines;
}

interpreter &of(void *self)
{
    return *static_cast<interpreter *>(self);
}

// The host is C: an exception must not pass through its frames.
template <class Call> void contained(Call call)
{
    try {
        call();
    } catch (const std::exception &e) {
        log_line(std::string("output lost: ") + e.what());
    }
}

bool is_blank(const std::string &code)
{
    return code.find_first_not_of(" \t\r\n") == std::string::npos;
}

} // namespace

json error_reply(const std::string &ename, const std::string &evalue, const json &traceback)
{
    return {{"status", "error"}, {"ename", ename}, {"evalue", evalue}, {"traceback", traceback}};
}

interpreter::interpreter(host_t *host, history &cells)
    : m_host(host), m_history(cells),
      m_info(make_kernel_info(or_empty(host_language_version(host))))
{
}

void interpreter::attach(server &front)
{
    m_server = &front;
    const host_events table = events();
    host_set_events(m_host, &table, this);
}

// ------------------------------------------------------------------------------------- execute

json interpreter::execute(const std::string &code, const execute_options &options,
                          const json &user_expressions)
{
    const int number = m_server->execution_count();
    m_silent = options.silent;
    m_can_ask = options.allow_stdin;
    if (!m_silent) {
        remember_parent(number, m_server->current_parent());
    }
    if (m_server->interrupted()) {
        return failed("KeyboardInterrupt", "interrupted before the cell began",
                      json::array({"KeyboardInterrupt: interrupted before the cell began"}));
    }
    if (!(m_silent && is_blank(code))) { // front ends send empty silent cells to ask for the count
        const host_execute_options how = {number, options.silent, options.allow_stdin};
        reply_guard reply;
        const bool gone = host_execute(m_host, code.data(), code.size(), &how, reply.get()) != 0;
        if (gone && reply->status == HOST_OK) {
            return failed("KernelError", "the session is gone: restart the kernel",
                          json::array({"KernelError: the session is gone: restart the kernel"}));
        }
        if (reply->status != HOST_OK) {
            return failed(*reply);
        }
    }
    return {{"status", "ok"},
            {"payload", json::array()},
            {"user_expressions", evaluate_all(user_expressions)}};
}

json interpreter::execute_failed(const std::string &what, const execute_options &options)
{
    m_evaluating = false;
    m_silent = options.silent;
    return failed("KernelError", what, json::array({"KernelError: " + what}));
}

// Publish the error and return the reply that says the same.
json interpreter::failed(const std::string &ename, const std::string &evalue,
                         const json &traceback)
{
    if (!m_silent) {
        m_server->publish("error",
                          {{"ename", ename}, {"evalue", evalue}, {"traceback", traceback}},
                          m_server->current_parent());
    }
    return error_reply(ename, evalue, traceback);
}

json interpreter::failed(const host_reply &reply)
{
    return failed(or_empty(reply.ename), or_empty(reply.evalue), traceback_of(reply));
}

json interpreter::evaluate_all(const json &expressions)
{
    json values = json::object();
    for (const auto &item : expressions.items()) {
        values[item.key()] = evaluate(item.value());
    }
    return values;
}

json interpreter::evaluate(const json &expression)
{
    if (!expression.is_string()) {
        return error_reply("ProtocolError", "an expression must be a string", json::array());
    }
    const std::string code = expression;
    m_value = {json::object(), json::object()};
    m_evaluating = true;
    reply_guard reply;
    const int rc = host_evaluate(m_host, code.data(), code.size(), reply.get());
    m_evaluating = false;
    if (rc != 0 || reply->status != HOST_OK) {
        return error_reply(or_empty(reply->ename), or_empty(reply->evalue), traceback_of(*reply));
    }
    return {{"status", "ok"},
            {"data", std::move(m_value.data)},
            {"metadata", std::move(m_value.metadata)}};
}

// ----------------------------------------------------------------------------- editor services

json interpreter::complete(const std::string &code, int cursor)
{
    const std::size_t at = byte_offset(code, cursor);
    host_completions found = {};
    host_complete(m_host, code.data(), code.size(), at, &found);

    json matches = json::array();
    json types = json::array();
    const long end = code_points(code, found.count > 0 ? found.end : at);
    const long start = found.count > 0 ? code_points(code, found.start) : end;
    for (std::size_t i = 0; i < found.count; ++i) {
        matches.push_back(found.matches[i]);
        types.push_back({{"start", start},
                         {"end", end},
                         {"text", found.matches[i]},
                         {"type", or_empty(found.types == nullptr ? nullptr : found.types[i])}});
    }
    host_completions_free(&found);
    return {{"status", "ok"},
            {"matches", std::move(matches)},
            {"cursor_start", start},
            {"cursor_end", end},
            {"metadata", {{"_jupyter_types_experimental", std::move(types)}}}};
}

json interpreter::inspect(const std::string &code, int cursor, int detail)
{
    char *raw = nullptr;
    const int rc = host_inspect(m_host, code.data(), code.size(), byte_offset(code, cursor),
                                detail, &raw);
    const std::unique_ptr<char, void (*)(void *)> text(raw, std::free);
    json data = json::object();
    if (rc == 0 && text != nullptr) {
        data["text/plain"] = text.get();
    }
    return {{"status", "ok"},
            {"found", !data.empty()},
            {"data", std::move(data)},
            {"metadata", json::object()}};
}

json interpreter::is_complete(const std::string &code)
{
    int indent = 0;
    switch (host_is_complete(m_host, code.data(), code.size(), &indent)) {
    case HOST_CODE_COMPLETE:
        return {{"status", "complete"}};
    case HOST_CODE_INVALID:
        return {{"status", "invalid"}};
    case HOST_CODE_INCOMPLETE: {
        const int spaces = indent < 0 ? 0 : std::min(indent, indent_width_limit);
        return {{"status", "incomplete"},
                {"indent", std::string(static_cast<std::size_t>(spaces), ' ')}};
    }
    case HOST_CODE_UNKNOWN:
        break;
    }
    return {{"status", "unknown"}};
}

// -------------------------------------------------------------------------------------- events

host_events interpreter::events()
{
    host_events e = {};
    e.stream = [](void *self, int fd, const char *text, std::size_t size, int number) {
        contained([&] { of(self).on_stream(fd, std::string(text, size), number); });
    };
    e.display = [](void *self, const host_bundle *bundle, std::uint64_t id, bool update) {
        contained([&] { of(self).on_display(*bundle, id, update); });
    };
    e.result = [](void *self, const host_bundle *bundle) {
        contained([&] { of(self).on_result(*bundle); });
    };
    e.clear_output = [](void *self, bool wait) {
        contained([&] { of(self).on_clear_output(wait); });
    };
    e.input = [](void *self, const char *prompt, bool password, char **line) {
        host_input_status status = HOST_INPUT_EOF;
        contained([&] { status = of(self).on_input(prompt, password, line); });
        return status;
    };
    return e;
}

void interpreter::remember_parent(int number, const json &parent)
{
    std::lock_guard<std::mutex> lock(m_mutex);
    m_parents.emplace_back(number, parent);
    if (m_parents.size() > remembered_parents) {
        m_parents.pop_front();
    }
}

json interpreter::parent_of(int number)
{
    std::lock_guard<std::mutex> lock(m_mutex);
    for (auto i = m_parents.rbegin(); i != m_parents.rend(); ++i) {
        if (i->first == number) {
            return i->second;
        }
    }
    return m_parents.empty() ? json::object() : m_parents.back().second;
}

void interpreter::on_stream(int fd, const std::string &text, int number)
{
    const char *name = fd == 2 ? "stderr" : "stdout";
    if (std::this_thread::get_id() != m_main) {
        m_server->publish_stream(name, text, parent_of(number));
    } else if (!m_silent) {
        m_server->publish_stream(name, text, m_server->current_parent());
    }
}

void interpreter::on_display(const host_bundle &bundle, std::uint64_t id, bool update)
{
    if (m_silent) {
        return;
    }
    const json &parent = m_server->current_parent();
    mime_bundle mime = to_mime_bundle(bundle);
    json content = {{"data", std::move(mime.data)},
                    {"metadata", std::move(mime.metadata)},
                    {"transient", json::object()}};
    if (!update) {
        if (id != 0) {
            content["transient"]["display_id"] = m_displays.make(id, parent["msg_id"]);
        }
        m_server->publish("display_data", std::move(content), parent);
        return;
    }
    const std::string known = m_displays.find(id);
    if (!known.empty()) { // nothing was shown under any other number
        content["transient"]["display_id"] = known;
        m_server->publish("update_display_data", std::move(content), parent);
    }
}

void interpreter::on_result(const host_bundle &bundle)
{
    mime_bundle mime = to_mime_bundle(bundle);
    if (m_evaluating) {
        m_value = std::move(mime);
        return;
    }
    if (m_silent) {
        return;
    }
    m_history.set_result(mime.data["text/plain"]);
    m_server->publish("execute_result",
                      {{"execution_count", m_server->execution_count()},
                       {"data", std::move(mime.data)},
                       {"metadata", std::move(mime.metadata)}},
                      m_server->current_parent());
}

void interpreter::on_clear_output(bool wait)
{
    if (!m_silent) {
        m_server->publish("clear_output", {{"wait", wait}}, m_server->current_parent());
    }
}

host_input_status interpreter::on_input(const char *prompt, bool password, char **line)
{
    if (!m_can_ask) {
        return HOST_INPUT_NONE;
    }
    const answer a = m_server->ask(or_empty(prompt), password);
    if (a.status == answer::interrupted) {
        return HOST_INPUT_INTERRUPTED;
    }
    if (a.text == "\x04") {
        return HOST_INPUT_EOF;
    }
    *line = strdup(a.text.c_str());
    return *line == nullptr ? HOST_INPUT_EOF : HOST_INPUT_LINE;
}

} // namespace xtinycc
