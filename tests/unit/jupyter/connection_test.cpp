// Connection files that must be refused, and that must not.
#include "unit.hpp"

#include "connection.hpp"

#include <nlohmann/json.hpp>

using namespace xtinycc;
using nlohmann::json;

namespace
{

json good()
{
    return {{"transport", "tcp"}, {"ip", "127.0.0.1"}, {"key", "k"},
            {"signature_scheme", "hmac-sha256"}, {"shell_port", 1}, {"control_port", 2},
            {"stdin_port", 3}, {"iopub_port", 4}, {"hb_port", 65535}};
}

// The complaint about a file; "" if it is accepted.
std::string complaint(const std::string &text)
{
    try {
        parse_connection(text);
    } catch (const startup_error &e) {
        return e.what();
    }
    return "";
}

std::string with(const char *name, const json &value)
{
    json file = good();
    file[name] = value;
    return complaint(file.dump());
}

std::string without(const char *name)
{
    json file = good();
    file.erase(name);
    return complaint(file.dump());
}

void accepts(void **)
{
    assert_text(complaint(good().dump()), "");
    assert_text(with("shell_port", "8888"), "");
    assert_text(with("kernel_name", "xtinycc"), "");
    assert_text(with("unknown", json::array({1, 2})), "");
    assert_text(without("transport"), "");
    assert_text(without("ip"), "");
    assert_text(without("signature_scheme"), "");
    const connection c = parse_connection(good().dump());
    assert_text(c.hb_port, "65535");
    assert_text(c.warning, "");
}

void refuses_broken_files(void **)
{
    for (const char *text : {"", "{", "[]", "null", "\"x\"", "{\"shell_port\": 1"}) {
        assert_text(complaint(text), "not a JSON object");
    }
}

void refuses_bad_ports(void **)
{
    const json bad[] = {0, -1, 65536, 1.5, "", "0", "65536", "123456", "12a", " 1", "+1", "0x10",
                        nullptr, true, json::array({1}), 18446744073709551615u};
    for (const json &port : bad) {
        assert_text(with("iopub_port", port), "iopub_port is not a port (an "
                                              "integer from 1 to 65535)");
    }
    assert_text(without("control_port"), "control_port is missing");
}

void refuses_what_is_not_supported(void **)
{
    assert_non_null(std::strstr(with("key", "").c_str(), "no key"));
    assert_non_null(std::strstr(without("key").c_str(), "no key"));
    assert_non_null(std::strstr(with("key", 5).c_str(), "key is not a string"));
    assert_non_null(std::strstr(with("signature_scheme", "hmac-md5").c_str(), "hmac-sha256"));
    assert_non_null(std::strstr(with("transport", "udp").c_str(), "'udp' is not supported"));
    assert_non_null(std::strstr(with("registration_port", 5).c_str(), "registration files"));
    assert_non_null(std::strstr(with("ip", "").c_str(), "ip is empty"));
}

void warns_of_other_machines(void **)
{
    json file = good();
    file["ip"] = "0.0.0.0";
    assert_non_null(std::strstr(parse_connection(file.dump()).warning.c_str(), "0.0.0.0"));
    for (const char *ip : {"127.0.0.2", "::1", "localhost"}) {
        file["ip"] = ip;
        assert_text(parse_connection(file.dump()).warning, "");
    }
}

void endpoints(void **)
{
    assert_text(endpoint_of("tcp", "127.0.0.1", "80"), "tcp://127.0.0.1:80");
    assert_text(endpoint_of("tcp", "::1", "80"), "tcp://[::1]:80");
    assert_text(endpoint_of("tcp", "localhost", "80"), "tcp://127.0.0.1:80");
    const std::string longest(105, 'p');
    assert_text(endpoint_of("ipc", longest, "1"), ("ipc://" + longest + "-1").c_str());
    try {
        endpoint_of("ipc", longest + "p", "1");
        assert_true(false && "a path too long was taken");
    } catch (const startup_error &e) {
        assert_non_null(std::strstr(e.what(), "has 108 bytes"));
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(refuses_broken_files),
        cmocka_unit_test(refuses_bad_ports),
        cmocka_unit_test(refuses_what_is_not_supported),
        cmocka_unit_test(warns_of_other_machines),
        cmocka_unit_test(endpoints),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
