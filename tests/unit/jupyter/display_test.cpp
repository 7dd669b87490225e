// MIME bundles, display ids, and the text helpers they stand on.
#include "unit.hpp"

#include "display.hpp"
#include "text.hpp"

using namespace xtinycc;

namespace
{

host_part part(const char *mime, const std::string &data, int width = 0, int height = 0)
{
    return {mime, data.data(), data.size(), width, height};
}

mime_bundle bundle(const host_part &p)
{
    const host_bundle b = {&p, 1};
    return to_mime_bundle(b);
}

void forms(void **)
{
    const std::string png("\x89PNG\r\n\x1a\n\0", 9), text = "a<b", object = R"({"a": [1]})";
    mime_bundle m = bundle(part("image/png", png, 480, 300));
    assert_text(m.data["image/png"], "iVBORw0KGgoA");
    assert_true(m.metadata == json::parse(R"({"image/png": {"width": 480, "height": 300}})"));
    assert_text(m.data["text/plain"], "<image/png>");

    m = bundle(part("text/html", text));
    assert_text(m.data["text/html"], "a<b");
    assert_true(m.metadata == json::object());
    assert_text(bundle(part("image/svg+xml", text)).data["image/svg+xml"], "a<b");
    assert_text(bundle(part("application/pdf", text)).data["application/pdf"], "YTxi");
    assert_true(bundle(part("application/json", object)).data["application/json"]["a"][0] == 1);
    const char vega[] = "application/vnd.vegalite.v5+json";
    assert_true(bundle(part(vega, object)).data[vega]["a"][0] == 1);
    const std::string broken = "{\"a\": ";
    assert_true(bundle(part(vega, broken)).data[vega] == broken);
    const std::string deep(1000, '[');
    assert_true(bundle(part(vega, deep)).data[vega] == deep);
    const host_bundle nothing = {nullptr, 0};
    assert_text(to_mime_bundle(nothing).data["text/plain"], "<nothing>");
}

void ids_survive_a_roll_back(void **)
{
    display_ids ids;
    assert_text(ids.find(1), "");
    assert_text(ids.make(1, "request"), "request-1");
    assert_text(ids.find(1), "request-1");
    assert_text(ids.make(1, "later"), "later-1"); // the number came again after a roll-back
    assert_text(ids.find(1), "later-1");
    for (std::uint64_t n = 2; n < 20002; ++n) {
        ids.make(n, "r");
    }
    assert_text(ids.find(1), "");
    assert_text(ids.find(20001), "r-20001");
}

void cursors(void **)
{
    const std::string text = "a\xc3\xa4\xf0\x9f\x98\x80z"; // 1, 2, 4 and 1 bytes
    const std::size_t offsets[] = {0, 1, 3, 7, 8};
    for (long i = 0; i < 5; ++i) {
        assert_int_equal(byte_offset(text, i), offsets[i]);
        assert_int_equal(code_points(text, offsets[i]), i);
    }
    assert_int_equal(byte_offset(text, 1000000000), 8);
    assert_int_equal(byte_offset(text, -1), 8);
    assert_int_equal(code_points(text, 1000), 4);
    assert_int_equal(byte_offset("", 0), 0);
}

void lines(void **)
{
    assert_int_equal(split_lines("").size(), 0);
    assert_int_equal(split_lines("a").size(), 1);
    assert_int_equal(split_lines("a\n").size(), 1);
    const auto three = split_lines("a\n\nb");
    assert_int_equal(three.size(), 3);
    assert_text(three[1], "");
    assert_text(three[2], "b");
}

void base64_of_any_size(void **)
{
    const char *wanted[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (std::size_t n = 0; n <= 6; ++n) { // RFC 4648, section 10
        assert_text(base64("foobar", n), wanted[n]);
    }
    const std::string big(10000000, '\0');
    const std::string out = base64(big.data(), big.size());
    assert_int_equal(out.size(), (big.size() + 2) / 3 * 4);
    assert_int_equal(out.find_first_not_of('A'), out.size() - 2);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(forms),  cmocka_unit_test(ids_survive_a_roll_back),
        cmocka_unit_test(cursors), cmocka_unit_test(lines),
        cmocka_unit_test(base64_of_any_size),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
