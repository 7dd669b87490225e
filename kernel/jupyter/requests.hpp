// The requests that the kernel knows, and the types that their fields must have.
//
// The handlers in xeus throw on a field of the wrong type and then answer nothing; so a request is
// checked here first, and missing optional fields are filled in as the protocol says.
#ifndef XTINYCC_JUPYTER_REQUESTS_HPP
#define XTINYCC_JUPYTER_REQUESTS_HPP

#include <string>

#include <nlohmann/json.hpp>

namespace xtinycc
{

using json = nlohmann::json;

// Who answers a request.
enum class handler {
    core,    // xeus, and through it the interpreter
    server,  // the server itself: shutdown, interrupt, comms
    nobody   // unknown: busy and idle only, which the protocol allows
};

handler handler_of(const std::string &msg_type);

// "execute_request" -> "execute_reply"; empty for messages that have no reply.
std::string reply_type_of(const std::string &msg_type);

// Check and complete @p content in place. Returns an empty string, or what is wrong with it.
std::string check_request(const std::string &msg_type, json &content);

} // namespace xtinycc
#endif
