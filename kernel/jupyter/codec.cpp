#include "codec.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace xtinycc
{

namespace
{

constexpr char delimiter[] = "<IDS|MSG>";
constexpr std::size_t signed_parts = 4;
constexpr std::size_t signature_size = 64;

// Parse one of the four parts. Null stands for an empty object where @p null_allowed.
bool parse_object(const std::string &text, bool null_allowed, json &out)
{
    if (!json_depth_within(text, json_depth_limit)) {
        return false;
    }
    out = json::parse(text, nullptr, false);
    if (null_allowed && out.is_null()) {
        out = json::object();
    }
    return out.is_object();
}

bool has_text(const json &object, const char *name)
{
    const auto found = object.find(name);
    return found != object.end() && found->is_string() && !found->get_ref<const std::string &>().empty();
}

} // namespace

replay_window::replay_window(std::size_t capacity) : m_order(capacity, 0)
{
    std::size_t places = 2;
    while (places < 2 * capacity + 2) {
        places *= 2;
    }
    m_seen.assign(places, 0);
}

// Where the mark is, or the free place where it belongs.
std::size_t replay_window::place_of(mark m) const
{
    std::size_t at = m % m_seen.size();
    while (m_seen[at] != 0 && m_seen[at] != m) {
        at = (at + 1) % m_seen.size();
    }
    return at;
}

// Those that were pushed behind the freed place must be found without it.
void replay_window::forget(mark m)
{
    std::size_t at = place_of(m);
    m_seen[at] = 0;
    for (at = (at + 1) % m_seen.size(); m_seen[at] != 0; at = (at + 1) % m_seen.size()) {
        const mark moved = m_seen[at];
        m_seen[at] = 0;
        m_seen[place_of(moved)] = moved;
    }
}

bool replay_window::admit(const std::string &signature)
{
    mark m = 0;
    for (std::size_t i = 0; i < 16 && i < signature.size(); ++i) {
        const char c = signature[i];
        m = m << 4 | static_cast<mark>(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    m += m == 0 ? 1 : 0; // 0 stands for free
    const std::size_t place = place_of(m);
    if (m_seen[place] != 0) {
        return false;
    }
    m_seen[place] = m;
    mark &oldest = m_order[m_next];
    m_next = (m_next + 1) % m_order.size();
    if (oldest != 0) {
        forget(oldest);
    }
    oldest = m;
    return true;
}

bool json_depth_within(const std::string &text, std::size_t limit)
{
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') {
                ++i;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > limit) {
                return false;
            }
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return true;
}

std::string codec::sign(const std::string *four_parts) const
{
    std::string all;
    for (std::size_t i = 0; i < signed_parts; ++i) {
        all += four_parts[i];
    }
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    HMAC(EVP_sha256(), m_key.data(), static_cast<int>(m_key.size()),
         reinterpret_cast<const unsigned char *>(all.data()), all.size(), digest, &size);

    static const char digits[] = "0123456789abcdef";
    std::string hex;
    for (unsigned i = 0; i < size; ++i) {
        hex += digits[digest[i] >> 4];
        hex += digits[digest[i] & 15];
    }
    return hex;
}

const char *codec::decode(const frames &in, message &out)
{
    std::size_t at = 0;
    std::size_t total = 0;
    while (at < in.size() && in[at] != delimiter) {
        ++at;
    }
    for (const auto &frame : in) {
        total += frame.size();
    }
    if (at == in.size()) {
        return "no delimiter";
    }
    if (in.size() - at < 2 + signed_parts) {
        return "too few frames";
    }
    if (total > message_limit) {
        return "too large";
    }
    const std::string &signature = in[at + 1];
    const std::string *part = &in[at + 2];
    if (signature.size() != signature_size) {
        return "signature of a wrong length";
    }
    if (CRYPTO_memcmp(sign(part).data(), signature.data(), signature_size) != 0) {
        return "wrong signature";
    }
    if (!m_window.admit(signature)) {
        return "seen before";
    }
    if (!parse_object(part[0], false, out.header) || !has_text(out.header, "msg_id") ||
        !has_text(out.header, "msg_type")) {
        return "not a message header";
    }
    if (!parse_object(part[1], true, out.parent_header) ||
        !parse_object(part[2], true, out.metadata)) {
        return "parent header or metadata is not an object";
    }
    if (!parse_object(part[3], true, out.content)) {
        return "content is not an object";
    }
    const auto begin = in.begin();
    out.identities.assign(begin, begin + static_cast<std::ptrdiff_t>(at));
    out.buffers.assign(begin + static_cast<std::ptrdiff_t>(at + 2 + signed_parts), in.end());
    return nullptr;
}

frames codec::encode(const message &m) const
{
    const auto dump = [](const json &j) {
        return j.dump(-1, ' ', false, json::error_handler_t::replace);
    };
    const std::string part[signed_parts] = {dump(m.header), dump(m.parent_header),
                                            dump(m.metadata), dump(m.content)};
    frames out = m.identities;
    out.push_back(delimiter);
    out.push_back(sign(part));
    out.insert(out.end(), part, part + signed_parts);
    out.insert(out.end(), m.buffers.begin(), m.buffers.end());
    return out;
}

} // namespace xtinycc
