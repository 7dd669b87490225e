// A test double for host.h: cells are toy commands instead of C, one a line. It does what a real
// session cannot be made to do on demand: throw, vanish, hang, flood, show an unknown display.
// Linked with the real front end into xtinycc-fake.
#include "host.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

struct host {
    host_events events = {};
    void *context = nullptr;
    std::mutex mutex;
    std::condition_variable changed;
    bool running = false, interrupted = false;
    int interrupts = 0; // all that ever reached a running cell
    std::vector<std::thread> late;
};

namespace
{

struct failure {
    std::string ename, evalue;
};

class cell
{
  public:
    cell(host_t *host, const host_execute_options &options) : m_host(host), m_options(options) {}

    void run_line(const std::string &line)
    {
        std::istringstream in(line);
        std::string command, rest;
        in >> command >> std::ws;
        std::getline(in, rest);
        if (command == "print") {
            print_lines(rest);
        } else if (command == "say") {
            text(1, rest);
        } else if (command == "warn") {
            text(2, rest + "\n");
        } else if (command == "bytes") {
            text(1, std::string("bad \xff\xfe end\n"));
        } else if (command == "result") {
            bundle("text/plain", rest, m_host->events.result);
        } else if (command == "show" || command == "update") {
            show(rest, command == "update");
        } else if (command == "clear") {
            m_host->events.clear_output(m_host->context, rest == "wait");
        } else if (command == "input" || command == "password") {
            ask(rest, command == "password");
        } else if (command == "sleep") {
            wait(std::stod(rest));
        } else if (command == "hang") {
            std::this_thread::sleep_for(std::chrono::hours(1));
        } else if (command == "late") {
            print_later(rest);
        } else if (command == "count") {
            text(1, std::to_string(m_host->interrupts));
        } else if (command == "err") {
            throw failure{"CompileError", rest};
        } else if (command == "throw") {
            throw std::runtime_error(rest);
        } else if (!command.empty()) {
            throw failure{"CompileError", "unknown command " + command};
        }
    }

  private:
    void text(int fd, const std::string &s)
    {
        m_host->events.stream(m_host->context, fd, s.data(), s.size(), m_options.number);
    }

    void print_lines(const std::string &arguments)
    {
        std::istringstream in(arguments);
        long lines = 1, width = 1;
        in >> lines >> width;
        const std::string line(static_cast<std::size_t>(width - 1), 'x');
        for (long i = 0; i < lines; ++i) {
            text(1, line + "\n");
        }
    }

    template <class Event> void bundle(const char *mime, const std::string &data, Event event)
    {
        const host_part part = {mime, data.data(), data.size(), 0, 0};
        const host_bundle b = {&part, 1};
        event(m_host->context, &b);
    }

    // "show ID MIME DATA": ID 0 is not updatable; a picture is 10 x 20.
    void show(const std::string &arguments, bool update)
    {
        std::istringstream in(arguments);
        std::uint64_t id = 0;
        std::string mime, data;
        in >> id >> mime >> std::ws;
        std::getline(in, data);
        const bool picture = mime.rfind("image/", 0) == 0;
        const host_part part = {mime.c_str(), data.data(), data.size(), picture ? 10 : 0,
                                picture ? 20 : 0};
        const host_bundle b = {&part, 1};
        m_host->events.display(m_host->context, &b, id, update);
    }

    void ask(const std::string &prompt, bool password)
    {
        if (!m_options.allow_stdin) {
            throw failure{"StdinNotImplementedError", "nobody to ask"};
        }
        char *line = nullptr;
        switch (m_host->events.input(m_host->context, prompt.c_str(), password, &line)) {
        case HOST_INPUT_LINE:
            text(1, "got " + std::string(line) + "\n");
            std::free(line);
            break;
        case HOST_INPUT_EOF:
            text(1, "end of file\n");
            break;
        case HOST_INPUT_NONE:
            throw failure{"StdinNotImplementedError", "nobody to ask"};
        case HOST_INPUT_INTERRUPTED:
            throw failure{"KeyboardInterrupt", "while asking"};
        }
    }

    void wait(double seconds)
    {
        std::unique_lock<std::mutex> lock(m_host->mutex);
        if (m_host->changed.wait_for(lock, std::chrono::duration<double>(seconds),
                                     [this] { return m_host->interrupted; })) {
            throw failure{"KeyboardInterrupt", "while sleeping"};
        }
    }

    void print_later(const std::string &s)
    {
        host_t *h = m_host;
        const int number = m_options.number;
        h->late.emplace_back([h, number, s] {
            std::this_thread::sleep_for(std::chrono::milliseconds(300));
            if (h->events.stream != nullptr) {
                h->events.stream(h->context, 1, s.data(), s.size(), number);
            }
        });
    }

    host_t *m_host;
    const host_execute_options &m_options;
};

void set_running(host_t *host, bool running)
{
    std::lock_guard<std::mutex> lock(host->mutex);
    host->running = running;
    host->interrupted = false;
}

void fail(host_reply *reply, const failure &f)
{
    reply->status = HOST_ERROR;
    reply->ename = strdup(f.ename.c_str());
    reply->evalue = strdup(f.evalue.c_str());
    reply->traceback = strdup((f.ename + ": " + f.evalue + "\nIn[1]:1").c_str());
}

} // namespace

host_t *host_start(const host_options *, char *, size_t)
{
    return new host;
}

void host_set_events(host_t *host, const host_events *events, void *context)
{
    host->events = *events;
    host->context = context;
}

void host_stop(host_t *host)
{
    if (host == nullptr) {
        return;
    }
    for (auto &t : host->late) {
        t.join();
    }
    delete host;
}

void host_abandon(host_t *) {}

int host_execute(host_t *host, const char *code, size_t size, const host_execute_options *options,
                 host_reply *reply)
{
    std::istringstream lines(std::string(code, size));
    std::string line;
    *reply = {};
    if (std::string(code, size) == "gone") {
        fail(reply, {"KernelError", "the session is gone"});
        return -1;
    }
    set_running(host, true);
    try {
        while (std::getline(lines, line)) {
            cell(host, *options).run_line(line);
        }
    } catch (const failure &f) {
        fail(reply, f);
    } catch (...) {
        set_running(host, false);
        throw;
    }
    set_running(host, false);
    return 0;
}

int host_evaluate(host_t *host, const char *expression, size_t size, host_reply *reply)
{
    const host_execute_options options = {0, false, false};
    const std::string command = "result " + std::string(expression, size);
    const bool bad = std::string(expression, size) == "bad";
    return host_execute(host, bad ? "err bad" : command.c_str(), bad ? 7 : command.size(),
                        &options, reply);
}

void host_reply_free(host_reply *reply)
{
    std::free(reply->ename);
    std::free(reply->evalue);
    std::free(reply->traceback);
    *reply = {};
}

void host_interrupt(host_t *host)
{
    std::lock_guard<std::mutex> lock(host->mutex);
    if (host->running) {
        ++host->interrupts;
        host->interrupted = true;
        host->changed.notify_all();
    }
}

int host_complete(host_t *, const char *, size_t, size_t, host_completions *out)
{
    *out = {};
    return -1;
}

void host_completions_free(host_completions *) {}

int host_inspect(host_t *, const char *, size_t, size_t, int, char **text)
{
    *text = nullptr;
    return 1;
}

host_complete_status host_is_complete(host_t *, const char *, size_t, int *indent)
{
    *indent = 0;
    return HOST_CODE_UNKNOWN;
}

const char *host_language_version(const host_t *)
{
    return "199901";
}
