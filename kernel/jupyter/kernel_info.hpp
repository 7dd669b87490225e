#ifndef XTINYCC_JUPYTER_KERNEL_INFO_HPP
#define XTINYCC_JUPYTER_KERNEL_INFO_HPP

#include <string>

#include <nlohmann/json.hpp>

namespace xtinycc
{

// What the kernel says of itself. @p language_version is the compiler's __STDC_VERSION__.
// No field is empty: an empty lexer name switches highlighting off.
nlohmann::json make_kernel_info(const std::string &language_version);

} // namespace xtinycc
#endif
