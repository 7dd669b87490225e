// Fields of a wrong type, missing fields, and the protocol's defaults.
#include "unit.hpp"

#include "requests.hpp"

#include <limits>

using namespace xtinycc;

namespace
{

std::string check(const char *type, json content)
{
    return check_request(type, content);
}

void execute_defaults(void **)
{
    json c = {{"code", "x"}, {"user_expressions", nullptr}, {"subshell_id", "extra"}};
    assert_text(check_request("execute_request", c), "");
    assert_true(c["stop_on_error"] == true);
    assert_true(c["store_history"] == true);
    assert_true(c["silent"] == false);
    assert_true(c["user_expressions"] == json::object());
    assert_true(c["subshell_id"] == "extra");
}

void wrong_types(void **)
{
    assert_text(check("execute_request", {{"code", 123}}), "code must be a string, not number");
    assert_text(check("execute_request", {{"code", nullptr}}), "code must be a string, not null");
    assert_text(check("execute_request", json::object()), "code is missing");
    assert_text(check("execute_request", {{"code", ""}, {"silent", "no"}}),
                "silent must be true or false, not string");
    assert_text(check("execute_request", {{"code", ""}, {"user_expressions", json::array()}}),
                "user_expressions must be an object, not array");
    assert_text(check("complete_request", {{"code", ""}, {"cursor_pos", 1.5}}),
                "cursor_pos must be an integer, not number");
    assert_text(check("comm_open", json::object()), "comm_id is missing");
}

void integers_are_clamped(void **)
{
    const int most = std::numeric_limits<int>::max();
    json c = {{"code", ""}, {"cursor_pos", 18446744073709551615u}, {"detail_level", -99999999999}};
    assert_text(check_request("inspect_request", c), "");
    assert_true(c["cursor_pos"] == most);
    assert_true(c["detail_level"] == -most);
    c = {{"hist_access_type", "tail"}, {"n", nullptr}, {"stop", nullptr}};
    assert_text(check_request("history_request", c), "");
    assert_true(c["n"] == most);
    assert_true(c["stop"] == most);
}

void null_target_means_all(void **)
{
    json c = {{"target_name", nullptr}};
    assert_text(check_request("comm_info_request", c), "");
    assert_true(c["target_name"] == "");
}

void who_answers(void **)
{
    assert_true(handler_of("execute_request") == handler::core);
    assert_true(handler_of("shutdown_request") == handler::server);
    assert_true(handler_of("create_subshell_request") == handler::nobody);
    assert_text(reply_type_of("execute_request"), "execute_reply");
    assert_text(reply_type_of("comm_open"), "");
    assert_text(reply_type_of("debug_request"), "");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(execute_defaults),
        cmocka_unit_test(wrong_types),
        cmocka_unit_test(integers_are_clamped),
        cmocka_unit_test(null_target_means_all),
        cmocka_unit_test(who_answers),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
