// Line numbers, ranges, limits, and patterns that made std::regex crash or hang.
#include "unit.hpp"

#include "history.hpp"

using namespace xtinycc;

namespace
{

bool match(const std::string &pattern, const std::string &text)
{
    std::size_t budget = 100u * 1000 * 1000;
    return glob_match(pattern, text, budget);
}

// The lines of a reply, as "1 2 3".
std::string lines(const json &reply)
{
    assert_true(reply["status"] == "ok");
    std::string out;
    for (const auto &e : reply["history"]) {
        assert_true(e[0] == 1);
        out += (out.empty() ? "" : " ") + std::to_string(e[1].get<int>());
    }
    return out;
}

void globs(void **)
{
    assert_true(match("", ""));
    assert_false(match("", "a"));
    assert_true(match("*", ""));
    assert_true(match("*", "anything\nat all"));
    assert_true(match("int*;", "int x;"));
    assert_false(match("int*;", "int x; "));
    assert_true(match("*main*", "int main(void)"));
    assert_true(match("a?c", "abc"));
    assert_false(match("a?c", "ac"));
    assert_true(match("**a**", "bab"));
    assert_true(match("[a-c]x[!0-9]", "bxz"));
    assert_false(match("[a-c]x[!0-9]", "bx5"));
    assert_true(match("[]]", "]"));
    assert_true(match("a[", "a["));
    assert_true(match("a[b", "a[b"));
    assert_true(match("a\\*b", "a*b"));
    assert_false(match("a\\*b", "axb"));
    assert_true(match("a\\", "a\\"));
    assert_true(match("*a*a*b", "xaxaxb"));
    assert_false(match("*a*a*b", "xaxax"));
}

void hard_patterns_end(void **)
{
    std::size_t budget = 20u * 1000 * 1000;
    const std::string text(1000000, 'a');
    assert_false(glob_match("*a*a*b", text, budget)); // a few steps a character
    assert_true(budget > 0);
    std::string many;
    for (int i = 0; i < 1000; ++i) {
        many += "a*";
    }
    assert_false(glob_match("*" + many + std::string(3000, 'a') + "b", text, budget));
    assert_int_equal(budget, 0);
}

void tail_and_range(void **)
{
    history h;
    for (const char *c : {"a", "b", "c", "d", "e"}) {
        h.store(c);
    }
    assert_text(lines(h.tail(2, false)), "4 5");
    assert_text(lines(h.tail(100, false)), "1 2 3 4 5");
    assert_text(lines(h.tail(0, false)), "");
    assert_text(lines(h.tail(-3, false)), "");
    assert_text(lines(h.range(0, 1, 3, false)), "1 2");
    assert_text(lines(h.range(1, 2, 100, false)), "2 3 4 5");
    assert_text(lines(h.range(0, -2, 100, false)), "4 5");
    assert_text(lines(h.range(0, 1, -1, false)), "1 2 3 4");
    assert_text(lines(h.range(0, -100, 2, false)), "1");
    assert_text(lines(h.range(0, 4, 2, false)), "");
    assert_text(lines(h.range(7, 1, 3, false)), "");
    assert_true(h.range(0, 1, 2, false)["history"] == json::parse(R"([[1, 1, "a"]])"));
}

void output_shape(void **)
{
    history h;
    h.set_result("42");
    h.store("6 * 7");
    h.store("int x;");
    assert_true(h.tail(2, true)["history"] ==
                json::parse(R"([[1, 1, ["6 * 7", "42"]], [1, 2, ["int x;", null]]])"));
}

void search(void **)
{
    history h;
    for (const char *c : {"int x", "puts", "int x", "int y"}) {
        h.store(c);
    }
    assert_text(lines(h.search("int*", 100, false, false)), "1 3 4");
    assert_text(lines(h.search("int*", 100, true, false)), "3 4");
    assert_text(lines(h.search("int*", 1, false, false)), "4");
    assert_text(lines(h.search("nothing", 100, false, false)), "");
}

void limits(void **)
{
    history few(3);
    for (const char *c : {"a", "b", "c", "d"}) {
        few.store(c);
    }
    assert_text(lines(few.tail(10, false)), "2 3 4");
    assert_text(lines(few.range(0, 1, 4, false)), "2 3");
    history small(1000, 10);
    small.store("12345678");
    small.store("123456");
    assert_text(lines(small.tail(10, false)), "2");
    small.store(std::string(100, 'x')); // the newest is kept, whatever its size
    assert_text(lines(small.tail(10, false)), "3");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(globs),        cmocka_unit_test(hard_patterns_end),
        cmocka_unit_test(tail_and_range), cmocka_unit_test(output_shape),
        cmocka_unit_test(search),       cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
