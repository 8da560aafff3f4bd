// What a taken-over worker may tell `auth` of its clients: decoding is total, what was accepted
// says the same again, and whatever is counted, the counts stay bounded and can be forgotten.

#include "daemon/rate_messages.hpp"
#include "support/fake_clock.hpp"

#include "maild/base/ensure.hpp"

#include <cstdint>
#include <string_view>

using namespace maild;
using auth::ClientRates;

namespace {

void count(const daemon::OpenConnections& all) {
    test::FakeClock clock;
    test::SeededRandom random(1);
    ClientRates rates(clock, random, {.connections = 2});
    for (const auto& open : all.open) {
        rates.set_open(1, open);
        (void)rates.arrive(2, open);
        (void)rates.begin_message(open.from);
        (void)rates.add_recipient(open.from);
        rates.note_refused(open.from);
    }
    for (const auto& counter : rates.list(3))
        ensure(counter.top.size() <= 3 && counter.at_limit <= counter.counted, "no more is shown");
    rates.lose(1);
    rates.lose(2);
    ensure(rates.list(3).front().counted == 0, "a line that is gone leaves nothing");
    rates.forget({net::IpAddress{}, 0});
    for (const auto& counter : rates.list(3)) ensure(counter.counted == 0, "all is forgotten");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto client = ipc::decode<daemon::RateClient>(bytes))
        ensure(ipc::encode(*client) == bytes, "a client says the same again");
    if (const auto all = ipc::decode<daemon::OpenConnections>(bytes)) {
        ensure(ipc::encode(*all) == bytes, "connections say the same again");
        count(*all);
    }
    if (const auto network = ipc::decode<net::Network>(bytes)) {
        test::FakeClock clock;
        test::SeededRandom random(1);
        ClientRates(clock, random, {}).forget(*network);
    }
    return 0;
}
