// Between xeus and the session: requests become host calls, host events become messages.
#ifndef XTINYCC_JUPYTER_INTERPRETER_HPP
#define XTINYCC_JUPYTER_INTERPRETER_HPP

#include "compat.hpp"
#include "display.hpp"
#include "history.hpp"
#include "host.h"
#include "server.hpp"

#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace xtinycc
{

class interpreter final : public interpreter_base
{
  public:
    // @p host and @p cells outlive the interpreter.
    interpreter(host_t *host, history &cells);

    // Connect both sides; once, before the server starts.
    void attach(server &front);

    // The content of kernel_info_reply, without the protocol's version.
    const json &info() const { return m_info; }

  private:
    json execute(const std::string &code, const execute_options &options,
                 const json &user_expressions) override;
    json execute_failed(const std::string &what, const execute_options &options) override;
    json complete(const std::string &code, int cursor) override;
    json inspect(const std::string &code, int cursor, int detail) override;
    json is_complete(const std::string &code) override;
    json kernel_info() override { return m_info; }

    json failed(const std::string &ename, const std::string &evalue, const json &traceback);
    json failed(const host_reply &reply);
    json evaluate_all(const json &expressions);
    json evaluate(const json &expression);

    // ---- events of the host; only on_stream may come on another thread
    void on_stream(int fd, const std::string &text, int number);
    void on_display(const host_bundle &bundle, std::uint64_t id, bool update);
    void on_result(const host_bundle &bundle);
    void on_clear_output(bool wait);
    host_input_status on_input(const char *prompt, bool password, char **line);
    static host_events events();

    // The request that text printed under execution number @p number belongs to.
    json parent_of(int number);
    void remember_parent(int number, const json &parent);

    host_t *m_host;
    history &m_history;
    server *m_server = nullptr;
    const json m_info;
    const std::thread::id m_main = std::this_thread::get_id();

    // the cell that is running
    bool m_silent = false;
    bool m_can_ask = false;
    bool m_evaluating = false; // results go to m_value
    mime_bundle m_value;

    display_ids m_displays;

    std::mutex m_mutex; // guards m_parents: the host's pump thread reads it
    std::deque<std::pair<int, json>> m_parents;
};

} // namespace xtinycc
#endif
