// Jupyter's wire format: frames on a ZeroMQ socket <-> signed messages.
//
// A message is [identity ...] <IDS|MSG> signature header parent_header metadata content [buffer
// ...]. Checks run cheapest first, and nothing is parsed before its signature has been verified.
#ifndef XTINYCC_JUPYTER_CODEC_HPP
#define XTINYCC_JUPYTER_CODEC_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace xtinycc
{

using json = nlohmann::json;
using frames = std::vector<std::string>;

constexpr std::size_t message_limit = std::size_t(64) << 20; // bytes of all frames
constexpr std::size_t json_depth_limit = 64;

struct message {
    frames identities;
    json header, parent_header, metadata, content;
    frames buffers;
};

// The signatures seen last: a message that comes twice is executed once. Its memory, 1.5 MB, is
// taken at once, so that a session does not grow by the messages it has got.
class replay_window
{
  public:
    explicit replay_window(std::size_t capacity = 65536);

    // Return false if @p signature was among the last `capacity` admitted ones, else admit it.
    bool admit(const std::string &signature);

  private:
    // 64 of the signature's 256 bits: honest messages collide once in 10^14.
    using mark = std::uint64_t;
    std::size_t place_of(mark m) const;
    void forget(mark m);

    std::vector<mark> m_order; // a ring, the oldest at m_next; 0: free
    std::vector<mark> m_seen;  // open addressing, at most half full
    std::size_t m_next = 0;
};

// Whether brackets in @p text nest at most @p limit deep; strings are skipped, nothing is parsed.
bool json_depth_within(const std::string &text, std::size_t limit);

class codec
{
  public:
    explicit codec(std::string key) : m_key(std::move(key)) {}

    // Check and parse the frames of one message. Returns NULL, or why it is to be dropped (then
    // @p out is unspecified). One thread only: the replay window is not locked.
    const char *decode(const frames &in, message &out);

    // Encode and sign; any thread. Bytes that are not UTF-8 become U+FFFD.
    frames encode(const message &m) const;

    // HMAC-SHA256 over the four parts, as 64 hexadecimal digits.
    std::string sign(const std::string *four_parts) const;

  private:
    std::string m_key;
    replay_window m_window;
};

} // namespace xtinycc
#endif
