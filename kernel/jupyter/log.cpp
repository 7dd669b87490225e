#include "log.hpp"

#include <chrono>

#include <unistd.h>

namespace xtinycc
{

void log_line(const std::string &text)
{
    const std::string line = "xtinycc: " + text + "\n";
    if (write(STDERR_FILENO, line.data(), line.size()) < 0) {
        // Nobody reads our stderr: there is no other place to say so.
    }
}

void log_dropped(const char *why)
{
    using clock = std::chrono::steady_clock;
    static clock::time_point last;
    static long unsaid = 0;

    const auto now = clock::now();
    if (last != clock::time_point() && now - last < std::chrono::seconds(1)) {
        ++unsaid;
        return;
    }
    std::string line = std::string("message dropped: ") + why;
    if (unsaid > 0) {
        line += " (and " + std::to_string(unsaid) + " more)";
    }
    unsaid = 0;
    last = now;
    log_line(line);
}

} // namespace xtinycc
