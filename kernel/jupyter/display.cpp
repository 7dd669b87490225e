#include "display.hpp"

#include "codec.hpp"
#include "text.hpp"

namespace xtinycc
{

namespace
{

bool starts_with(const std::string &s, const char *prefix)
{
    return s.rfind(prefix, 0) == 0;
}

bool ends_with(const std::string &s, const std::string &suffix)
{
    return s.size() >= suffix.size() &&
           s.compare(s.size() - suffix.size(), suffix.size(), suffix) == 0;
}

bool is_json(const std::string &mime)
{
    return mime == "application/json" || ends_with(mime, "+json");
}

bool is_text(const std::string &mime)
{
    return starts_with(mime, "text/") || ends_with(mime, "+xml") || mime == "application/xml" ||
           mime == "application/javascript";
}

json to_json(const std::string &mime, const host_part &part)
{
    if (is_json(mime)) {
        const std::string text(part.data, part.size);
        if (!json_depth_within(text, json_depth_limit)) {
            return text;
        }
        json value = json::parse(text, nullptr, false);
        return value.is_discarded() ? json(text) : value;
    }
    if (is_text(mime)) {
        return std::string(part.data, part.size);
    }
    return base64(part.data, part.size);
}

} // namespace

mime_bundle to_mime_bundle(const host_bundle &bundle)
{
    mime_bundle out{json::object(), json::object()};
    std::string forms;
    for (std::size_t i = 0; i < bundle.count; ++i) {
        const host_part &part = bundle.parts[i];
        const std::string mime = part.mime;
        out.data[mime] = to_json(mime, part);
        if (part.width > 0 && part.height > 0) {
            out.metadata[mime] = {{"width", part.width}, {"height", part.height}};
        }
        forms += (forms.empty() ? "" : ", ") + mime;
    }
    if (!out.data.contains("text/plain")) {
        out.data["text/plain"] = "<" + (forms.empty() ? std::string("nothing") : forms) + ">";
    }
    return out;
}

std::string display_ids::make(std::uint64_t number, const std::string &request)
{
    const std::string id = request + "-" + std::to_string(number);
    if (m_ids.insert_or_assign(number, id).second) {
        m_order.push_back(number);
    }
    if (m_order.size() > capacity) {
        m_ids.erase(m_order.front());
        m_order.pop_front();
    }
    return id;
}

std::string display_ids::find(std::uint64_t number) const
{
    const auto found = m_ids.find(number);
    return found == m_ids.end() ? std::string() : found->second;
}

} // namespace xtinycc
