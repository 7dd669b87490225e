#include "outbox.hpp"

#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

namespace xtinycc
{

outbox::outbox(std::size_t limit)
    : m_limit(limit), m_wakeup(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))
{
}

outbox::~outbox()
{
    ::close(m_wakeup);
}

std::size_t outbox::size_of(const frames &message)
{
    std::size_t bytes = 0;
    for (const auto &frame : message) {
        bytes += frame.size();
    }
    return bytes;
}

void outbox::push(port to, frames message)
{
    {
        std::lock_guard<std::mutex> lock(m_mutex);
        m_waiting += size_of(message);
        m_queue.push_back({to, std::move(message)});
    }
    wake();
}

void outbox::push_text(frames message)
{
    {
        std::unique_lock<std::mutex> lock(m_mutex);
        m_space.wait(lock, [this] { return m_waiting <= m_limit || m_closed; });
        m_waiting += size_of(message);
        m_queue.push_back({IOPUB, std::move(message)});
    }
    wake();
}

bool outbox::take(entry &out)
{
    std::lock_guard<std::mutex> lock(m_mutex);
    if (m_queue.empty()) {
        return false;
    }
    out = std::move(m_queue.front());
    m_queue.pop_front();
    return true;
}

void outbox::sent(const entry &e)
{
    std::lock_guard<std::mutex> lock(m_mutex);
    m_waiting -= size_of(e.message);
    if (m_waiting <= m_limit) {
        m_space.notify_all();
    }
}

void outbox::put_back(entry e)
{
    std::lock_guard<std::mutex> lock(m_mutex);
    m_queue.push_front(std::move(e));
}

void outbox::close()
{
    std::lock_guard<std::mutex> lock(m_mutex);
    m_closed = true;
    m_space.notify_all();
}

bool outbox::empty() const
{
    std::lock_guard<std::mutex> lock(m_mutex);
    return m_queue.empty();
}

void outbox::wake()
{
    const std::uint64_t one = 1;
    if (write(m_wakeup, &one, sizeof one) < 0) {
        // The counter is full: the I/O thread is awake anyway.
    }
}

void outbox::drain_wakeups()
{
    std::uint64_t count;
    if (read(m_wakeup, &count, sizeof count) < 0) {
        // Nothing was put in.
    }
}

} // namespace xtinycc
