// The queue: order, and a producer that waits instead of losing text.
#include "unit.hpp"

#include "outbox.hpp"

#include <atomic>
#include <chrono>
#include <thread>

using namespace xtinycc;

namespace
{

void keeps_the_order(void **)
{
    outbox box;
    box.push(SHELL, {"1"});
    box.push_text({"2"});
    box.push(CONTROL, {"3"});
    outbox::entry e;
    assert_true(box.take(e));
    box.put_back(std::move(e));
    for (const char *wanted : {"1", "2", "3"}) {
        assert_true(box.take(e));
        assert_text(e.message[0], wanted);
        box.sent(e);
    }
    assert_false(box.take(e));
    assert_true(box.empty());
}

// A producer far faster than the consumer: never more than the limit and one message wait, and
// nothing is lost.
void producer_waits(void **)
{
    constexpr std::size_t limit = 100, count = 1000;
    outbox box(limit);
    std::atomic<std::size_t> produced{0};
    std::thread producer([&] {
        for (std::size_t i = 0; i < count; ++i) {
            box.push_text({std::string(10, 'x')});
            ++produced;
        }
    });
    std::size_t consumed = 0;
    while (consumed < count) {
        outbox::entry e;
        if (box.take(e)) {
            box.sent(e);
            ++consumed;
            assert_true(produced <= consumed + limit / 10 + 2);
        } else {
            std::this_thread::yield();
        }
    }
    producer.join();
    assert_int_equal(produced, count);
}

void close_frees_the_producer(void **)
{
    outbox box(1);
    box.push(IOPUB, {"more than the limit"});
    std::thread producer([&] { box.push_text({"waits"}); });
    box.close();
    producer.join();
    outbox::entry e;
    assert_true(box.take(e));
    assert_true(box.take(e));
    assert_text(e.message[0], "waits");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_order),
        cmocka_unit_test(producer_waits),
        cmocka_unit_test(close_frees_the_producer),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
