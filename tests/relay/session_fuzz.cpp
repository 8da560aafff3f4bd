// Input: one octet chooses protocol, chunks and what is sent; then everything that a server says,
// at once. Whatever that is, each recipient has one outcome that can be told to people.
#include "support/fake_clock.hpp"
#include "support/streams.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/ensure.hpp"
#include "maild/base/utf8.hpp"
#include "maild/relay/session.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

using namespace maild;
using namespace maild::relay;

static void check(const Outcome& outcome) {
    ensure(is_utf8(outcome.words) && std::ranges::none_of(outcome.words, ascii::is_control));
    const auto status = parse_status(outcome.status);
    ensure(status.has_value());
    if (outcome.is_delivered()) ensure(outcome.code / 100 == 2 && status->kind == 2);
    if (outcome.fate == Fate::failed) ensure(status->kind == 5);
    if (outcome.may_be_duplicate) ensure(outcome.fate == Fate::deferred && outcome.code == 0);
}

static net::Task<bool> converse(Session& session, bool logs_in, const Envelope& envelope,
                                Content& content) {
    const auto opened = co_await session.open();
    if (!opened) {
        check(opened.error());
        co_return false;
    }
    if (logs_in) {
        const Credentials credentials{
            .name = "ann", .password = "sesame", .allows_plain_text = true};
        const auto done = co_await session.login(credentials);
        if (!done) {
            check(done.error());
            ensure(done.error().fate == Fate::deferred);
        }
    }
    for (int i = 0; i < 2; ++i) {
        const auto outcomes = co_await session.send(envelope, content);
        ensure(outcomes.size() == envelope.recipients.size());
        for (const auto& outcome : outcomes) check(outcome);
    }
    co_await session.quit();
    co_return true;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kMost = 64 * 1024; // what a socket takes at once
    if (size == 0 || size > kMost) return 0;
    const std::string_view said(reinterpret_cast<const char*>(data) + 1, size - 1);
    boost::asio::io_context io(1);
    auto ends = test::make_stream(io);
    if (!said.empty()) test::send_all(ends.peer.get(), said);
    ::shutdown(ends.peer.get(), SHUT_WR);
    test::SeededRandom random(1);
    SessionOptions options{.hello_name = "client.example", .host = "mx.example.net"};
    if ((data[0] & 1U) != 0) options.protocol = Protocol::lmtp;
    options.uses_chunking = (data[0] & 2U) != 0;
    Envelope envelope{
        .reverse_path = "ann@example.org",
        .recipients = {{"a@example.net"}, {"\xc3\xbc@example.net"}, {"b@example.net"}}};
    envelope.is_smtputf8 = (data[0] & 4U) != 0;
    MemoryContent content("Subject: \xc3\xbc\r\n\r\n\xc3\xbc\r\n.\r\n");
    Session session(std::move(ends.stream), options, random);
    test::finish(io, converse(session, (data[0] & 8U) != 0, envelope, content));
    return 0;
}
