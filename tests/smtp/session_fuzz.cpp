// Any dialogue in any state: the first octet chooses service and state, the rest is what the peer
// sends. Replies are whole lines of ours, the session ends at its limits, and what the backend gets
// is well-formed.
#include "smtp/host.hpp"

#include "maild/base/ensure.hpp"
#include "maild/base/log.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace {

using namespace maild;
using namespace maild::smtp;

void check_replies(const Replies& replies) {
    const auto& text = replies.text;
    ensure(text.ends_with("\r\n"), "a reply ends with CRLF");
    const auto is_ours = [](char c) { return c == '\r' || c == '\n' || (c >= ' ' && c < 0x7f); };
    ensure(std::ranges::all_of(text, is_ours), "a reply is printable ASCII");
    ensure(text[0] >= '2' && text[0] <= '5', "a reply has a code");
}

// Brings the session into the state that is to be tried.
void prepare(Session& session, unsigned state) {
    constexpr std::string_view kSteps[] = {"EHLO a.example", "MAIL FROM:<ada@example.org>",
                                           "RCPT TO:<ada@example.org>", "DATA"};
    if ((state & 4U) != 0) session.on_tls({});
    for (unsigned i = 0; i < (state & 3U) + ((state & 8U) != 0 ? 1U : 0U); ++i)
        check_replies(
            maild::test::run_task(session.on_line(smtp::test::line_of(kSteps[i]), false)));
    if ((state & 16U) != 0)
        check_replies(
            maild::test::run_task(session.on_line(smtp::test::line_of("AUTH LOGIN"), false)));
}

// One line, or one content; what is left.
std::string_view feed(Session& session, const Server& server, std::string_view rest) {
    if (session.expects() == Expects::tls_handshake) {
        session.on_tls({});
        return rest;
    }
    if (session.expects() == Expects::content) {
        ContentReader content(server.limits.message_size, server.budget);
        rest.remove_prefix(content.push(rest));
        if (!content.is_finished()) return {};
        check_replies(maild::test::run_task(session.on_content(content)).replies);
        return rest;
    }
    if (session.expects() == Expects::chunk) {
        const auto count = std::min<std::uint64_t>(session.chunk_left(), rest.size());
        session.on_chunk_octets(rest.substr(0, static_cast<std::size_t>(count)));
        rest.remove_prefix(static_cast<std::size_t>(count));
        if (session.is_hopeless()) return {}; // the connection ends
        if (session.chunk_left() == 0)
            check_replies(maild::test::run_task(session.on_chunk()).replies);
        return rest;
    }
    const auto end = rest.find("\r\n");
    if (end == std::string_view::npos) return {};
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    const auto replies = maild::test::run_task(session.on_line(smtp::test::line_of(line), false));
    if (session.expects() == Expects::chunk)
        ensure(replies.text.empty(), "a chunk is answered behind it");
    else
        check_replies(replies);
    return rest;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    log::to_nowhere();
    const unsigned state = data[0];
    smtp::test::Host host;
    auto server = host.server((state & 32U) != 0 ? Service::submission : Service::relay_in);
    server.limits.message_size = 4096;
    Session session(server, smtp::test::client_of(server.service));
    prepare(session, state);
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    while (!rest.empty() && session.expects() != Expects::nothing)
        rest = feed(session, server, rest);
    for (const auto& message : host.backend.accepted) {
        ensure(message.content.empty() || message.content.ends_with("\r\n"),
               "content is whole lines");
        ensure(message.content.size() <= server.limits.message_size, "content within its limit");
        ensure(!message.recipients.empty(), "content has a recipient");
    }
    return 0;
}
