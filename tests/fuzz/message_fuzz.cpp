// What a client may send: frames to the server's decoder, and what passes it to the checks of
// requests. The first byte chooses the shape; a forged signature never passes, so the parts are
// signed here as a client with the key would.
#include "codec.hpp"
#include "requests.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace xtinycc;

namespace
{

// Cut at line feeds: frames, or the four parts of a message.
frames cut(const std::string &text, std::size_t most)
{
    frames out(1);
    for (const char c : text) {
        if (c == '\n' && out.size() < most) {
            out.emplace_back();
        } else {
            out.back() += c;
        }
    }
    return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    codec c("key");
    message m;
    const bool raw = size > 0 && data[0] % 4 == 0;
    frames f = cut(std::string(data + (size > 0), data + size), raw ? 64 : 4);
    if (!raw) {
        f.resize(4);
        const std::string signature = c.sign(f.data());
        f.insert(f.begin(), {"<IDS|MSG>", signature});
    }
    if (c.decode(f, m) != nullptr) {
        return 0;
    }
    if (raw || c.decode(f, m) == nullptr) { // unsigned, or seen before
        std::abort();
    }
    const std::string type = m.header["msg_type"];
    if (check_request(type, m.content).empty()) {
        handler_of(type);
        reply_type_of(type);
        m.identities.clear();
        c.encode(m);
    }
    return 0;
}
