// cmocka from C++: its macros want setjmp and friends first, and C linkage.
#ifndef XTINYCC_TESTS_UNIT_HPP
#define XTINYCC_TESTS_UNIT_HPP

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

extern "C" {
#include <cmocka.h>
}
// Macros that collide with names of the standard library.
#undef fail
#undef skip

inline void assert_text(const std::string &got, const char *wanted)
{
    assert_string_equal(got.c_str(), wanted);
}

#endif
