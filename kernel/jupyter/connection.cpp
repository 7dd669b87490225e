#include "connection.hpp"

#include <cctype>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sys/un.h>

namespace xtinycc
{

using nlohmann::json;

namespace
{

std::string text_field(const json &file, const char *name, const char *fallback)
{
    const auto found = file.find(name);
    if (found == file.end()) {
        return fallback;
    }
    if (!found->is_string()) {
        throw startup_error(std::string(name) + " is not a string");
    }
    return found->get<std::string>();
}

// A port is an integer, or (allowed by JEP 106) a decimal string.
std::string port_field(const json &file, const char *name)
{
    const auto found = file.find(name);
    if (found == file.end()) {
        throw startup_error(std::string(name) + " is missing");
    }
    long port = 0;
    if (found->is_number_integer()) {
        const auto value = found->get<long long>();
        port = value >= 1 && value <= 65535 ? static_cast<long>(value) : 0;
    } else if (found->is_string()) {
        const auto digits = found->get<std::string>();
        bool decimal = !digits.empty() && digits.size() <= 5;
        for (const unsigned char c : digits) {
            decimal = decimal && std::isdigit(c) != 0;
        }
        port = decimal ? std::stol(digits) : 0;
    }
    if (port < 1 || port > 65535) {
        throw startup_error(std::string(name) +
                            " is not a port (an integer from 1 to 65535)");
    }
    return std::to_string(port);
}

bool is_loopback(const std::string &ip)
{
    return ip.compare(0, 4, "127.") == 0 || ip == "::1" || ip == "localhost";
}

} // namespace

connection parse_connection(const std::string &text)
{
    const json file = json::parse(text, nullptr, false);
    if (!file.is_object()) {
        throw startup_error("not a JSON object");
    }
    if (file.contains("registration_port") || file.contains("registration_url")) {
        throw startup_error("registration files (kernel_protocol_version 5.5 "
                            "and up in the kernel specification) are not supported");
    }
    connection c;
    c.transport = text_field(file, "transport", "tcp");
    if (c.transport != "tcp" && c.transport != "ipc") {
        throw startup_error("transport '" + c.transport +
                            "' is not supported, only tcp and ipc");
    }
    c.ip = text_field(file, "ip", "127.0.0.1");
    if (c.ip.empty()) {
        throw startup_error("ip is empty");
    }
    const std::string scheme = text_field(file, "signature_scheme", "hmac-sha256");
    if (scheme != "hmac-sha256") {
        throw startup_error("signature_scheme '" + scheme +
                            "' is not supported, only hmac-sha256");
    }
    c.key = text_field(file, "key", "");
    if (c.key.empty()) {
        throw startup_error("no key; kernels without authentication are not "
                            "supported");
    }
    c.shell_port = port_field(file, "shell_port");
    c.control_port = port_field(file, "control_port");
    c.stdin_port = port_field(file, "stdin_port");
    c.iopub_port = port_field(file, "iopub_port");
    c.hb_port = port_field(file, "hb_port");
    if (c.transport == "tcp" && !is_loopback(c.ip)) {
        c.warning = "listening on " + c.ip + ", which other machines may reach";
    }
    return c;
}

connection read_connection(const std::string &path)
{
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    if (in) {
        text << in.rdbuf();
    }
    if (!in) {
        throw startup_error("connection file " + path + ": " + std::strerror(errno));
    }
    connection c;
    try {
        c = parse_connection(text.str());
    } catch (const startup_error &e) {
        throw startup_error("connection file " + path + ": " + e.what());
    }

    struct stat st;
    if (stat(path.c_str(), &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        c.warning += (c.warning.empty() ? "" : "; ");
        c.warning += "other users may read the connection file " + path;
    }
    return c;
}

std::string endpoint_of(const std::string &transport, const std::string &ip,
                        const std::string &port)
{
    if (transport == "ipc") {
        const std::string path = ip + "-" + port;
        constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
        if (path.size() > longest) {
            throw startup_error("ipc path " + path + " has " + std::to_string(path.size()) +
                                " bytes, a socket's name at most " + std::to_string(longest));
        }
        return "ipc://" + path;
    }
    if (ip.find(':') != std::string::npos) {
        return "tcp://[" + ip + "]:" + port;
    }
    return "tcp://" + (ip == "localhost" ? std::string("127.0.0.1") : ip) + ":" + port;
}

} // namespace xtinycc
