#include "parent_watch.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <unistd.h>

namespace xtinycc
{

namespace
{

// Taken before main: a manager may die while the session is being started.
const pid_t first_parent = getppid();

// How long a manager that is nowhere to be seen has for its first request.
constexpr std::chrono::seconds first_request_time(30);

} // namespace

parent_watch::parent_watch()
{
    const char *value = std::getenv("JPY_PARENT_PID");
    if (value == nullptr) {
        return;
    }
    m_watching = true;
    m_parent = first_parent;
    const long pid = std::strtol(value, nullptr, 10);
    if (pid > 1 && (kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM)) {
        m_manager = static_cast<pid_t>(pid);
    }
}

bool parent_watch::gone(bool asked) const
{
    if (!m_watching) {
        return false;
    }
    // Either a number from another PID namespace, which means nothing here, or the manager was dead
    // before this program began. Then it never asks for anything.
    if (m_manager == 0 && !asked && std::chrono::steady_clock::now() - m_since > first_request_time) {
        return true;
    }
    if (m_manager != 0 && m_manager != m_parent) {
        return kill(m_manager, 0) != 0 && errno == ESRCH;
    }
    return getppid() != m_parent; // sees a manager that is dead but not yet reaped, too
}

} // namespace xtinycc
