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
