#include "text.hpp"

#include <algorithm>

#include <openssl/evp.h>

namespace xtinycc
{

namespace
{

bool starts_code_point(char c)
{
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

} // namespace

std::size_t byte_offset(const std::string &text, long position)
{
    if (position < 0) {
        return text.size();
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (starts_code_point(text[i]) && position-- == 0) {
            return i;
        }
    }
    return text.size();
}

long code_points(const std::string &text, std::size_t offset)
{
    const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size()));
    return std::count_if(text.begin(), end, starts_code_point);
}

std::vector<std::string> split_lines(const std::string &text)
{
    std::vector<std::string> lines;
    std::size_t at = 0;
    while (at < text.size()) {
        const auto end = text.find('\n', at);
        lines.push_back(text.substr(at, end == std::string::npos ? end : end - at));
        at = end == std::string::npos ? text.size() : end + 1;
    }
    return lines;
}

std::string base64(const char *data, std::size_t size)
{
    // The encoder takes an int and writes a NUL behind the text.
    constexpr std::size_t piece = 3u << 20;
    std::string out;
    std::string buffer(4 * (piece / 3) + 1, '\0');
    for (std::size_t at = 0; at < size; at += piece) {
        const auto now = static_cast<int>(std::min(piece, size - at));
        const int written =
            EVP_EncodeBlock(reinterpret_cast<unsigned char *>(&buffer[0]),
                            reinterpret_cast<const unsigned char *>(data + at), now);
        out.append(buffer, 0, static_cast<std::size_t>(written));
    }
    return out;
}

} // namespace xtinycc
