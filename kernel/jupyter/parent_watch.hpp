// Notice that the program that started the kernel is gone.
#ifndef XTINYCC_JUPYTER_PARENT_WATCH_HPP
#define XTINYCC_JUPYTER_PARENT_WATCH_HPP

#include <chrono>

#include <sys/types.h>

namespace xtinycc
{

// Watches only under a kernel manager (JPY_PARENT_PID is set): a kernel started by hand may
// outlive its shell. The manager may be a grandparent (a launcher between), so both the parent and
// the process that the variable names are looked at.
class parent_watch
{
  public:
    parent_watch();
    // ASKED: a request has come.
    bool gone(bool asked) const;

  private:
    bool m_watching = false;
    pid_t m_parent = 0;  // getppid() at the start
    pid_t m_manager = 0; // 0: not known or not visible from here
    std::chrono::steady_clock::time_point m_since = std::chrono::steady_clock::now();
};

} // namespace xtinycc
#endif
