// What the kernel writes to its own stderr: whole lines, no code, no content, no key.
#ifndef XTINYCC_JUPYTER_LOG_HPP
#define XTINYCC_JUPYTER_LOG_HPP

#include <string>

namespace xtinycc
{

// Write one line, prefixed with the program's name.
void log_line(const std::string &text);

// Say that a message was dropped, at most one line a second. Called on the I/O thread only.
void log_dropped(const char *why);

} // namespace xtinycc
#endif
