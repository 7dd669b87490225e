#include "requests.hpp"

#include <limits>
#include <map>
#include <vector>

namespace xtinycc
{

namespace
{

enum class kind { text, truth, integer, object };

struct field {
    const char *name;
    kind type;
    json fallback; // null: the field is required
};

struct request {
    handler by;
    bool has_reply;
    std::vector<field> fields;
};

const int last_line = std::numeric_limits<int>::max();

const std::map<std::string, request> &requests()
{
    static const json none = json::object();
    static const std::map<std::string, request> table = {
        {"kernel_info_request", {handler::core, true, {}}},
        {"execute_request",
         {handler::core,
          true,
          {{"code", kind::text, nullptr},
           {"silent", kind::truth, false},
           {"store_history", kind::truth, true},
           {"user_expressions", kind::object, none},
           {"allow_stdin", kind::truth, true},
           {"stop_on_error", kind::truth, true}}}},
        {"complete_request",
         {handler::core,
          true,
          {{"code", kind::text, nullptr}, {"cursor_pos", kind::integer, last_line}}}},
        {"inspect_request",
         {handler::core,
          true,
          {{"code", kind::text, nullptr},
           {"cursor_pos", kind::integer, last_line},
           {"detail_level", kind::integer, 0}}}},
        {"is_complete_request", {handler::core, true, {{"code", kind::text, nullptr}}}},
        {"history_request",
         {handler::core,
          true,
          {{"hist_access_type", kind::text, "tail"},
           {"raw", kind::truth, true},
           {"output", kind::truth, false},
           {"session", kind::integer, 0},
           {"start", kind::integer, 1},
           {"stop", kind::integer, last_line},
           {"n", kind::integer, last_line},
           {"pattern", kind::text, "*"},
           {"unique", kind::truth, false}}}},
        {"comm_info_request", {handler::server, true, {{"target_name", kind::text, ""}}}},
        {"comm_open", {handler::server, false, {{"comm_id", kind::text, nullptr}}}},
        {"comm_msg", {handler::server, false, {}}},
        {"comm_close", {handler::server, false, {}}},
        {"interrupt_request", {handler::server, true, {}}},
        {"shutdown_request", {handler::server, true, {{"restart", kind::truth, false}}}},
    };
    return table;
}

bool has_kind(const json &value, kind type)
{
    switch (type) {
    case kind::text:
        return value.is_string();
    case kind::truth:
        return value.is_boolean();
    case kind::integer:
        return value.is_number_integer();
    case kind::object:
        return value.is_object();
    }
    return false;
}

const char *name_of(kind type)
{
    switch (type) {
    case kind::text:
        return "a string";
    case kind::truth:
        return "true or false";
    case kind::integer:
        return "an integer";
    case kind::object:
        return "an object";
    }
    return "";
}

// Handlers take ints; a position far beyond the end means the end.
json clamped(const json &value)
{
    if (value.is_number_unsigned()) {
        const auto n = value.get<std::uint64_t>();
        return n > std::uint64_t(last_line) ? last_line : static_cast<int>(n);
    }
    const auto n = value.get<std::int64_t>();
    if (n > last_line) {
        return last_line;
    }
    return n < -last_line ? -last_line : static_cast<int>(n);
}

} // namespace

handler handler_of(const std::string &msg_type)
{
    const auto found = requests().find(msg_type);
    return found == requests().end() ? handler::nobody : found->second.by;
}

std::string reply_type_of(const std::string &msg_type)
{
    const auto found = requests().find(msg_type);
    if (found == requests().end() || !found->second.has_reply) {
        return "";
    }
    return msg_type.substr(0, msg_type.size() - std::string("request").size()) + "reply";
}

std::string check_request(const std::string &msg_type, json &content)
{
    const auto found = requests().find(msg_type);
    if (found == requests().end()) {
        return "";
    }
    for (const auto &f : found->second.fields) {
        const auto value = content.find(f.name);
        if (value == content.end() || (value->is_null() && !f.fallback.is_null())) {
            if (f.fallback.is_null()) {
                return std::string(f.name) + " is missing";
            }
            content[f.name] = f.fallback;
        } else if (!has_kind(*value, f.type)) {
            return std::string(f.name) + " must be " + name_of(f.type) + ", not " +
                   value->type_name();
        } else if (f.type == kind::integer) {
            *value = clamped(*value);
        }
    }
    return "";
}

} // namespace xtinycc
