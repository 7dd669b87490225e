// One interpreter base class over the xeus generations 2.4, 3, 5 and 6 (1 and 4 are refused).
//
// All that differs between them is in the four numbered #if blocks below. It needs xeus core only:
// no ZeroMQ header, no xeus-zmq. Replies are plain JSON, because the create_*_reply helpers of
// xeus change their signatures and swap ename and evalue in some versions.
#ifndef XTINYCC_JUPYTER_COMPAT_HPP
#define XTINYCC_JUPYTER_COMPAT_HPP

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>
#include <xeus/xeus.hpp> // XEUS_VERSION_MAJOR
#include <xeus/xinterpreter.hpp>
#include <xeus/xkernel.hpp>
#include <xeus/xkernel_configuration.hpp>

// #if 1: the version guard. 4.0 added a leading argument to every handler that 5.0 took away.
#if XEUS_VERSION_MAJOR < 2 || XEUS_VERSION_MAJOR == 4
#error "xeus 2.4, 3.x, 5.x or 6.x is needed (1.x and 4.x are not supported)"
#endif

namespace xtinycc
{

using json = nlohmann::json;

// #if 2: from 6 on the configuration is a variant of a kernel's and a registration file's.
#if XEUS_VERSION_MAJOR >= 6
using kernel_config = xeus::xkernel_configuration;

inline const kernel_config &concrete(const xeus::xconfiguration &config)
{
    if (const auto *kernel = std::get_if<kernel_config>(&config)) {
        return *kernel;
    }
    throw std::runtime_error("registration files are not supported");
}
#else
using kernel_config = xeus::xconfiguration;

inline const kernel_config &concrete(const xeus::xconfiguration &config)
{
    return config;
}
#endif

struct execute_options {
    bool silent;
    bool allow_stdin;
};

// The reply of a request that failed; @p traceback holds one string a line.
json error_reply(const std::string &ename, const std::string &evalue, const json &traceback);

// What an adapter overrides. Everything but kernel_info() is called on the main thread only.
class interpreter_base : public xeus::xinterpreter
{
  protected:
    virtual json execute(const std::string &code, const execute_options &options,
                         const json &user_expressions) = 0;
    // Turn an exception that left execute() into the error that the user sees.
    virtual json execute_failed(const std::string &what, const execute_options &options) = 0;
    virtual json complete(const std::string &code, int cursor) = 0;
    virtual json inspect(const std::string &code, int cursor, int detail) = 0;
    virtual json is_complete(const std::string &code) = 0;
    virtual json kernel_info() = 0; // may be called from two threads at once

  private:
    // An exception that reaches xeus means no reply, and from 5 on no idle either.
    json guarded_execute(const std::string &code, const execute_options &options,
                         const json &user_expressions)
    {
        std::string what = "unknown exception";
        try {
            return execute(code, options, user_expressions);
        } catch (const std::exception &e) {
            what = e.what();
        } catch (...) {
        }
        return execute_failed(what, options);
    }

    void configure_impl() final {}
    json complete_request_impl(const std::string &code, int cursor) final
    {
        return complete(code, cursor);
    }
    json inspect_request_impl(const std::string &code, int cursor, int detail) final
    {
        return inspect(code, cursor, detail);
    }
    json is_complete_request_impl(const std::string &code) final { return is_complete(code); }
    json kernel_info_request_impl() final { return kernel_info(); }

// #if 3: from 5 on the reply goes through a callback and the options are a struct.
#if XEUS_VERSION_MAJOR >= 5
    void execute_request_impl(send_reply_callback reply, int, const std::string &code,
                              xeus::execute_request_config config, json user_expressions) final
    {
        reply(guarded_execute(code, {config.silent, config.allow_stdin}, user_expressions));
    }
#else
    json execute_request_impl(int, const std::string &code, bool silent, bool,
                              json user_expressions, bool allow_stdin) final
    {
        return guarded_execute(code, {silent, allow_stdin}, user_expressions);
    }
#endif

// #if 4: from 6 on these two return their replies. The server answers both requests itself, so
// that neither is ever reached through a message.
#if XEUS_VERSION_MAJOR >= 6
    json shutdown_request_impl(bool restart) final
    {
        return {{"status", "ok"}, {"restart", restart}};
    }
    json interrupt_request_impl() final { return {{"status", "ok"}}; }
#else
    void shutdown_request_impl() final {}
#endif
};

} // namespace xtinycc
#endif
