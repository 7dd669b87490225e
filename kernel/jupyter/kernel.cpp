#include "kernel.hpp"

#include "compat.hpp"
#include "connection.hpp"
#include "history.hpp"
#include "host.h"
#include "interpreter.hpp"
#include "log.hpp"
#include "server.hpp"

#include <cstdlib>
#include <iostream>
#include <memory>

#include <sys/resource.h>
#include <unistd.h>
#include <xeus/xeus_context.hpp>

namespace xtinycc
{

namespace
{

struct no_context {
};

struct stop_host {
    void operator()(host_t *host) const { host_stop(host); }
};
using host_ptr = std::unique_ptr<host_t, stop_host>;

std::unique_ptr<xeus::xserver> make_server(xeus::xcontext &, const xeus::xconfiguration &config,
                                           json::error_handler_t)
{
    return std::make_unique<server>(concrete(config));
}

kernel_config to_xeus(const connection &c)
{
    kernel_config config;
    config.m_transport = c.transport;
    config.m_ip = c.ip;
    config.m_shell_port = c.shell_port;
    config.m_control_port = c.control_port;
    config.m_stdin_port = c.stdin_port;
    config.m_iopub_port = c.iopub_port;
    config.m_hb_port = c.hb_port;
    config.m_signature_scheme = "hmac-sha256";
    config.m_key = c.key;
    return config;
}

// Jupyter servers, which set JPY_SESSION_NAME, drop a cell's output beyond 3 MB in 3 s. At this
// rate, with what may come at once, that much never comes. Other clients take all there is.
constexpr std::size_t server_rate = 450000;

// Xeus prints a banner, and can be told to log every message: neither is wanted.
void silence_xeus()
{
    std::clog.setstate(std::ios_base::failbit);
    unsetenv("XEUS_LOG");
}

void serve(host_t *host, const connection &c)
{
    auto cells = std::make_unique<history>();
    auto adapter_owner = std::make_unique<interpreter>(host, *cells);
    interpreter &adapter = *adapter_owner;

    xeus::xkernel kernel(to_xeus(c), xeus::get_user_name(),
                         std::make_unique<xeus::xcontext_impl<no_context>>(),
                         std::move(adapter_owner), make_server, std::move(cells), nullptr,
                         xeus::make_null_debugger, json::object(),
                         json::error_handler_t::replace);

    auto &front = static_cast<server &>(kernel.get_server());
    front.on_kernel_info = [&adapter] { return adapter.info(); };
    front.on_interrupt = [host] { host_interrupt(host); };
    // The worker dies with this process, whatever it is doing.
    front.on_stuck = [host] {
        host_abandon(host);
        _exit(0);
    };
    adapter.attach(front);
    kernel.start();
    // The host's own thread must not call into what is about to go.
    const host_events none = {};
    host_set_events(host, &none, nullptr);
}

} // namespace

int run_kernel(const std::string &path)
{
    // The processes that run cells are made before anything secret is in memory.
    char why[512] = "";
    host_options options = {};
    if (std::getenv("JPY_SESSION_NAME") != nullptr) {
        options.stream_rate = server_rate;
    }
    host_ptr host(host_start(&options, why, sizeof why));
    if (host == nullptr) {
        log_line(why);
        return 2;
    }
    const rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    silence_xeus();
    try {
        const connection c = read_connection(path);
        if (!c.warning.empty()) {
            log_line("warning: " + c.warning);
        }
        serve(host.get(), c);
    } catch (const std::exception &e) {
        log_line(e.what());
        return 2;
    }
    return 0;
}

} // namespace xtinycc
