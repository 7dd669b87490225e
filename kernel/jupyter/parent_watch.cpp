#include "parent_watch.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>

#include <unistd.h>

namespace xtinycc
{

parent_watch::parent_watch()
{
    const char *value = std::getenv("JPY_PARENT_PID");
    if (value == nullptr) {
        return;
    }
    m_watching = true;
    m_parent = getppid();
    const long pid = std::strtol(value, nullptr, 10);
    // A number from another PID namespace means nothing here.
    if (pid > 1 && (kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM)) {
        m_manager = static_cast<pid_t>(pid);
    }
}

bool parent_watch::gone() const
{
    if (!m_watching) {
        return false;
    }
    if (m_manager != 0 && m_manager != m_parent) {
        return kill(m_manager, 0) != 0 && errno == ESRCH;
    }
    return getppid() != m_parent; // sees a manager that is dead but not yet reaped, too
}

} // namespace xtinycc
