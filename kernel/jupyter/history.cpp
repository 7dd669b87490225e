#include "history.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace xtinycc
{

namespace
{

constexpr int this_session = 1;
constexpr std::size_t search_budget = 50u * 1000 * 1000; // steps of all comparisons of a search

// Match the set that starts at pattern[*at] == '['; moves *at behind it. A set without an end is
// an ordinary '['.
bool match_set(const std::string &pattern, std::size_t *at, char c)
{
    std::size_t i = *at + 1;
    const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
    i += negated ? 1 : 0;
    bool found = false;
    bool first = true;
    for (; i < pattern.size() && (first || pattern[i] != ']'); ++i, first = false) {
        if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
            found = found || (pattern[i] <= c && c <= pattern[i + 2]);
            i += 2;
        } else {
            found = found || pattern[i] == c;
        }
    }
    if (i >= pattern.size()) {
        *at += 1;
        return c == '[';
    }
    *at = i + 1;
    return found != negated;
}

// Match one character of the text; moves *at behind what stands for it in the pattern.
bool match_one(const std::string &pattern, std::size_t *at, char c)
{
    const char p = pattern[*at];
    if (p == '[') {
        return match_set(pattern, at, c);
    }
    if (p == '\\' && *at + 1 < pattern.size()) {
        *at += 2;
        return pattern[*at - 1] == c;
    }
    *at += 1;
    return p == '?' || p == c;
}

} // namespace

// Only the last star needs to be remembered: an earlier one never has to take more.
bool glob_match(const std::string &pattern, const std::string &text, std::size_t &budget)
{
    constexpr std::size_t none = std::string::npos;
    std::size_t p = 0, t = 0, after_star = none, resume = 0;
    while (t < text.size()) {
        if (budget == 0) {
            return false;
        }
        --budget;
        std::size_t next = p;
        if (p < pattern.size() && pattern[p] == '*') {
            after_star = ++p;
            resume = t;
        } else if (p < pattern.size() && match_one(pattern, &next, text[t])) {
            p = next;
            ++t;
        } else if (after_star != none) {
            p = after_star;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') {
        ++p;
    }
    return p == pattern.size();
}

history::history(std::size_t max_cells, std::size_t max_bytes)
    : m_max_cells(max_cells), m_max_bytes(max_bytes)
{
}

void history::store(const std::string &input)
{
    m_cells.push_back({input, std::move(m_result)});
    m_result.clear();
    m_bytes += input.size() + m_cells.back().result.size();
    while (m_cells.size() > m_max_cells || (m_bytes > m_max_bytes && m_cells.size() > 1)) {
        m_bytes -= m_cells.front().input.size() + m_cells.front().result.size();
        m_cells.pop_front();
        ++m_forgotten;
    }
}

json history::entry(std::size_t index, bool output) const
{
    const cell &c = m_cells[index];
    const auto line = static_cast<int>(m_forgotten + index + 1);
    if (!output) {
        return json::array({this_session, line, c.input});
    }
    const json result = c.result.empty() ? json() : json(c.result);
    return json::array({this_session, line, json::array({c.input, result})});
}

json history::reply(json entries)
{
    return {{"status", "ok"}, {"history", std::move(entries)}};
}

json history::tail(int n, bool output) const
{
    json out = json::array();
    const auto wanted = std::min(m_cells.size(), static_cast<std::size_t>(std::max(n, 0)));
    for (std::size_t i = m_cells.size() - wanted; i < m_cells.size(); ++i) {
        out.push_back(entry(i, output));
    }
    return reply(std::move(out));
}

json history::range(int session, int start, int stop, bool output) const
{
    json out = json::array();
    if (session != 0 && session != this_session) {
        return reply(std::move(out));
    }
    const auto end = static_cast<long>(m_forgotten + m_cells.size()) + 1; // one past the last line
    const auto first_known = static_cast<long>(m_forgotten) + 1;
    const long from = std::max(start < 0 ? end + start : long(start), first_known);
    const long to = std::min(stop < 0 ? end + stop : long(stop), end);
    for (long line = from; line < to; ++line) {
        out.push_back(entry(static_cast<std::size_t>(line - first_known), output));
    }
    return reply(std::move(out));
}

json history::search(const std::string &pattern, int n, bool unique, bool output) const
{
    std::size_t budget = search_budget;
    std::vector<std::size_t> found; // newest first
    std::set<std::string> seen;
    for (std::size_t i = m_cells.size(); i-- > 0 && long(found.size()) < n;) {
        const std::string &input = m_cells[i].input;
        if (glob_match(pattern, input, budget) && (!unique || seen.insert(input).second)) {
            found.push_back(i);
        }
    }
    json out = json::array();
    for (auto i = found.rbegin(); i != found.rend(); ++i) {
        out.push_back(entry(*i, output));
    }
    return reply(std::move(out));
}

} // namespace xtinycc
