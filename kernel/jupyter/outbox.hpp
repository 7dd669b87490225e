// The one queue of everything the kernel sends: any thread puts in, the I/O thread takes out.
//
// One queue for all sockets, so that the order of replies and output holds across channels.
#ifndef XTINYCC_JUPYTER_OUTBOX_HPP
#define XTINYCC_JUPYTER_OUTBOX_HPP

#include "sockets.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>

namespace xtinycc
{

class outbox
{
  public:
    struct entry {
        port to;
        frames message;
    };

    // @param limit  bytes of waiting messages above which push_text() waits
    explicit outbox(std::size_t limit = std::size_t(8) << 20);
    ~outbox();
    outbox(const outbox &) = delete;
    outbox &operator=(const outbox &) = delete;

    // Put a message in; never waits.
    void push(port to, frames message);
    // Put a cell's output in; waits while the queue is full, so that the cell that writes faster
    // than its readers read waits too. Nothing is ever dropped.
    void push_text(frames message);

    // Take the oldest message. Its bytes count as waiting until sent() or put_back().
    bool take(entry &out);
    void sent(const entry &e);
    void put_back(entry e);

    // Nobody waits in push_text() any more.
    void close();

    bool empty() const;
    // Readable when something was put in since the last drain_wakeups().
    int wakeup_fd() const { return m_wakeup; }
    void wake();
    void drain_wakeups();

  private:
    static std::size_t size_of(const frames &message);

    mutable std::mutex m_mutex;
    std::condition_variable m_space;
    std::deque<entry> m_queue;
    std::size_t m_limit;
    std::size_t m_waiting = 0; // bytes
    bool m_closed = false;
    int m_wakeup;
};

} // namespace xtinycc
#endif
