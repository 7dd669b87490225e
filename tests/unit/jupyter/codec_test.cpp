// Frames that a stranger or a broken client may send, and the window of seen signatures.
#include "unit.hpp"

#include "codec.hpp"

using namespace xtinycc;

namespace
{

const char key[] = "the key";

message sample()
{
    return {{"client"},
            {{"msg_id", "1"}, {"msg_type", "execute_request"}, {"session", "s"}},
            json::object(),
            json::object(),
            {{"code", "x"}},
            {"buffer"}};
}

// Sign four parts as a client that holds the key.
frames signed_frames(const std::string &header, const std::string &parent,
                     const std::string &metadata, const std::string &content)
{
    const std::string part[4] = {header, parent, metadata, content};
    return {"client", "<IDS|MSG>", codec(key).sign(part), header, parent, metadata, content};
}

const char header[] = R"({"msg_id": "1", "msg_type": "t"})";

// Why a fresh codec drops these frames; "" if it does not.
std::string verdict(const frames &f)
{
    codec c(key);
    message m;
    const char *why = c.decode(f, m);
    return why == nullptr ? "" : why;
}

void round_trip(void **)
{
    codec c(key);
    message out;
    const message in = sample();
    assert_null(c.decode(c.encode(in), out));
    assert_true(out.identities == in.identities);
    assert_true(out.header == in.header);
    assert_true(out.content == in.content);
    assert_true(out.buffers == in.buffers);
}

void signature_is_hmac_sha256(void **)
{
    // RFC 4231, test case 2
    const std::string part[4] = {"what do ya ", "want for ", "nothing", "?"};
    assert_text(codec("Jefe").sign(part),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

void frames_are_counted_first(void **)
{
    const std::string d = "<IDS|MSG>";
    assert_text(verdict({}), "no delimiter");
    assert_text(verdict({""}), "no delimiter");
    assert_text(verdict({"a", "b", "c", "d", "e", "f", "g"}), "no delimiter");
    frames f = {d};
    for (int parts = 0; parts < 5; ++parts) {
        assert_text(verdict(f), "too few frames");
        f.emplace_back("{}");
    }
    assert_text(verdict(f), "signature of a wrong length");
}

void signature_is_checked_before_json(void **)
{
    const std::string d = "<IDS|MSG>";
    const std::string deep(200000, '[');
    assert_text(verdict({d, "", deep, "{", "{", "{"}), "signature of a wrong length");
    assert_text(verdict({d, "x", deep, "{", "{", "{"}), "signature of a wrong length");
    assert_text(verdict({d, std::string(64, '0'), deep, "{", "{", "{"}), "wrong signature");
    frames f = codec("another key").encode(sample());
    assert_text(verdict(f), "wrong signature");
    f = codec(key).encode(sample());
    f.back() = "other buffers are not signed";
    assert_text(verdict(f), "");
    f[3] += " ";
    assert_text(verdict(f), "wrong signature");
}

void size_is_limited(void **)
{
    frames f = codec(key).encode(sample());
    f.emplace_back(message_limit, 'x');
    assert_text(verdict(f), "too large");
}

void signed_nonsense_is_dropped(void **)
{
    assert_text(verdict(signed_frames(header, "{}", "{}", "{}")), "");
    assert_text(verdict(signed_frames(header, "null", "null", "null")), "");
    const char *bad_headers[] = {"[]",
                                 "null",
                                 "{",
                                 "",
                                 "{}",
                                 R"({"msg_id": "1"})",
                                 R"({"msg_type": "t"})",
                                 R"({"msg_id": 1, "msg_type": "t"})",
                                 R"({"msg_id": "1", "msg_type": null})",
                                 R"({"msg_id": "", "msg_type": "t"})"};
    for (const char *h : bad_headers) {
        assert_text(verdict(signed_frames(h, "{}", "{}", "{}")), "not a message header");
    }
    assert_text(verdict(signed_frames(header, "[]", "{}", "{}")),
                "parent header or metadata is not an object");
    assert_text(verdict(signed_frames(header, "{}", "1", "{}")),
                "parent header or metadata is not an object");
    assert_text(verdict(signed_frames(header, "{}", "{}", "[1]")), "content is not an object");
    assert_text(verdict(signed_frames(header, "{}", "{}", "{\"a\": \"\xff\"}")),
                "content is not an object");
}

void depth_is_limited(void **)
{
    const auto nested = [](std::size_t depth) {
        return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
    };
    assert_text(verdict(signed_frames(header, "{}", "{}", nested(json_depth_limit))), "");
    assert_text(verdict(signed_frames(header, "{}", "{}", nested(json_depth_limit + 1))),
                "content is not an object");
    // Brackets in strings are text, escaped quotes do not end a string.
    const std::string text = R"({"a": "\")" + std::string(1000, '[') + R"("})";
    assert_text(verdict(signed_frames(header, "{}", "{}", text)), "");
    assert_true(json_depth_within("\"[[[\\\"[[[\"", 0));
    assert_false(json_depth_within("\"\\\\\"[", 0));
}

void replay_is_dropped(void **)
{
    codec c(key);
    message m;
    const frames f = c.encode(sample());
    assert_null(c.decode(f, m));
    assert_string_equal(c.decode(f, m), "seen before");
}

void window_forgets_the_oldest(void **)
{
    replay_window w(3);
    for (const char *s : {"a", "b", "c"}) {
        assert_true(w.admit(s));
    }
    for (const char *s : {"a", "b", "c"}) {
        assert_false(w.admit(s));
    }
    assert_true(w.admit("d")); // a leaves
    assert_false(w.admit("b"));
    assert_true(w.admit("a")); // b leaves
    assert_true(w.admit("b"));
    assert_false(w.admit("d"));
}

void bytes_that_are_not_utf8_become_a_sign(void **)
{
    codec c(key);
    message m = sample();
    m.content = {{"text", "a\xff\xfe z"}};
    message out;
    assert_null(c.decode(c.encode(m), out));
    assert_text(out.content["text"], "a\xef\xbf\xbd\xef\xbf\xbd z");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(signature_is_hmac_sha256),
        cmocka_unit_test(frames_are_counted_first),
        cmocka_unit_test(signature_is_checked_before_json),
        cmocka_unit_test(size_is_limited),
        cmocka_unit_test(signed_nonsense_is_dropped),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(replay_is_dropped),
        cmocka_unit_test(window_forgets_the_oldest),
        cmocka_unit_test(bytes_that_are_not_utf8_become_a_sign),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
