// Positions in UTF-8: the protocol counts code points, the session counts bytes.
#ifndef XTINYCC_JUPYTER_TEXT_HPP
#define XTINYCC_JUPYTER_TEXT_HPP

#include <cstddef>
#include <string>
#include <vector>

namespace xtinycc
{

// Byte offset of code point @p position, clamped to [0, text.size()]; negative means the end.
std::size_t byte_offset(const std::string &text, long position);

// Number of code points before byte @p offset (clamped).
long code_points(const std::string &text, std::size_t offset);

std::vector<std::string> split_lines(const std::string &text);

std::string base64(const char *data, std::size_t size);

} // namespace xtinycc
#endif
