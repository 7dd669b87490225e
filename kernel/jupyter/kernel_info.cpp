#include "kernel_info.hpp"

namespace xtinycc
{

using nlohmann::json;

json make_kernel_info(const std::string &language_version)
{
    const json language = {
        {"name", "c"},
        {"version", language_version.empty() ? std::string("199901") : language_version},
        {"mimetype", "text/x-csrc"},
        {"file_extension", ".c"},
        {"pygments_lexer", "c"},
        // A CodeMirror mode is looked up by MIME type; "clike" would switch highlighting off.
        {"codemirror_mode", "text/x-csrc"},
        {"nbconvert_exporter", "script"},
    };
    const json links = json::array({
        {{"text", "xeus-tinycc manual"}, {"url", "https://github.com/xeus-tinycc/xeus-tinycc"}},
        {{"text", "C reference"}, {"url", "https://en.cppreference.com/w/c"}},
        {{"text", "TinyCC manual"}, {"url", "https://bellard.org/tcc/tcc-doc.html"}},
    });
    return {
        {"status", "ok"},
        {"implementation", "xeus-tinycc"},
        {"implementation_version", XTINYCC_VERSION},
        {"banner", "xeus-tinycc " XTINYCC_VERSION
                   ": C in cells, compiled in memory by TinyCC. Shift-Tab shows documentation, "
                   "%lsmagic lists the commands."},
        {"language_info", language},
        {"help_links", links},
        {"supported_features", json::array()},
        {"debugger", false},
    };
}

} // namespace xtinycc
