// The cells of this session, for history_request. In memory only; ends with the kernel.
#ifndef XTINYCC_JUPYTER_HISTORY_HPP
#define XTINYCC_JUPYTER_HISTORY_HPP

#include <cstddef>
#include <deque>
#include <string>

#include <nlohmann/json.hpp>
#include <xeus/xhistory_manager.hpp>

namespace xtinycc
{

using json = nlohmann::json;

// Whether the whole of @p text matches @p pattern: * ? [a-z] [!a-z], and \ before a character that
// stands for itself. Time is at most proportional to the product of the lengths; @p budget counts
// steps down, and at 0 the answer is false.
bool glob_match(const std::string &pattern, const std::string &text, std::size_t &budget);

class history final : public xeus::xhistory_manager
{
  public:
    // Older cells are forgotten above either limit.
    explicit history(std::size_t max_cells = 10000, std::size_t max_bytes = std::size_t(16) << 20);

    // The text of the result of the cell that is stored next.
    void set_result(std::string text) { m_result = std::move(text); }
    void store(const std::string &input);

    json tail(int n, bool output) const;
    // Lines start <= line < stop; negative ones count from the end. Session 0 is this one (1).
    json range(int session, int start, int stop, bool output) const;
    json search(const std::string &pattern, int n, bool unique, bool output) const;

  private:
    struct cell {
        std::string input, result;
    };

    void configure_impl() override {}
    void store_inputs_impl(int, int, const std::string &input, const std::string &) override
    {
        store(input);
    }
    json get_tail_impl(int n, bool, bool output) const override { return tail(n, output); }
    json get_range_impl(int session, int start, int stop, bool, bool output) const override
    {
        return range(session, start, stop, output);
    }
    json search_impl(const std::string &pattern, bool, bool output, int n,
                     bool unique) const override
    {
        return search(pattern, n, unique, output);
    }

    json entry(std::size_t index, bool output) const;
    static json reply(json entries);

    std::size_t m_max_cells, m_max_bytes;
    std::deque<cell> m_cells;
    std::size_t m_forgotten = 0; // cells dropped at the front: line numbers go on
    std::size_t m_bytes = 0;
    std::string m_result;
};

} // namespace xtinycc
#endif
