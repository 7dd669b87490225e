// Displays of a cell as the protocol's MIME bundles.
#ifndef XTINYCC_JUPYTER_DISPLAY_HPP
#define XTINYCC_JUPYTER_DISPLAY_HPP

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "host.h"

namespace xtinycc
{

using json = nlohmann::json;

struct mime_bundle {
    json data;     // MIME type -> text, base64, or JSON; always holds text/plain
    json metadata; // MIME type -> {width, height}, where known
};

mime_bundle to_mime_bundle(const host_bundle &bundle);

// The display ids that front ends see. The session numbers its displays, but a roll-back makes it
// use numbers again; so the id also names the request that made the display.
class display_ids
{
  public:
    // A new display: remember and return its id.
    std::string make(std::uint64_t number, const std::string &request);
    // The id of an earlier display, or an empty string.
    std::string find(std::uint64_t number) const;

  private:
    static constexpr std::size_t capacity = 10000;
    std::unordered_map<std::uint64_t, std::string> m_ids;
    std::deque<std::uint64_t> m_order;
};

} // namespace xtinycc
#endif
