#include "imap/dialogue.hpp"

namespace maild::imap {

namespace {

// RFC 5530 §3: a temporary failure.
constexpr auto kShort = "[UNAVAILABLE] Too much mail in transit, try again later";

bool expects_line(Expects expects) {
    return expects == Expects::sasl_line || expects == Expects::done;
}

// What only the connection can do.
bool expects_more(Expects expects) {
    return expects == Expects::end || expects == Expects::tls || expects == Expects::deflate ||
           expects == Expects::plain;
}

} // namespace

Dialogue::Dialogue(Session::Channel channel, const Server& server, Output& output, net::Event& wake)
    : session_(std::move(channel), server, output, wake),
      out_(output),
      server_(server),
      lease_(server.budget) {}

net::Task<void> Dialogue::advance() {
    while (!expects_more(session_.expects())) {
        if (expects_line(session_.expects())) fragmenter_.expect_plain_line();
        const auto event = fragmenter_.next();
        if (event == Event::need_more) {
            const bool has_room = co_await wait_for_room(false);
            if (!has_room) give_up();
            if (has_room || fragmenter_.is_swallowing()) co_return;
            continue;
        }
        if (event == Event::need_literal) co_await go_on_with_literal();
        if (event == Event::refused) session_.on_refused(fragmenter_.text());
        if (event == Event::overflow)
            session_.bye(is_short_ ? kShort : "[TOOBIG] The command is too large");
        if (event == Event::fragment) co_await on_fragment();
        if (session_.has_delay()) co_return;
        if (!out_.is_full()) continue;
        const bool alive = co_await out_.flush();
        if (!alive) co_return;
    }
}

// What has been announced gets its memory before it may come.
net::Task<void> Dialogue::go_on_with_literal() {
    const bool has_room = co_await wait_for_room(true);
    if (has_room) {
        out_.text += "+ OK\r\n";
        co_return;
    }
    fragmenter_.turn_down();
    lease_.shrink_to(0);
    session_.on_short(fragmenter_.text());
}

// For the rest of a command that does not wait to be asked for it.
void Dialogue::give_up() {
    is_short_ = true;
    fragmenter_.give_up();
    lease_.shrink_to(0);
}

// For what is there of a command; and, when a literal `is_announced`, for all of that. What was
// said before is on its way first.
net::Task<bool> Dialogue::wait_for_room(bool is_announced) {
    const auto awaited = fragmenter_.awaited();
    if (awaited <= net::MemoryBudget::kSmall) co_return true;
    const auto pending = fragmenter_.pending();
    if (!is_announced && lease_.grow_promised(pending)) co_return true;
    co_await out_.flush();
    const bool is_granted =
        co_await lease_.wait_for(pending, awaited, server_.limits.memory_patience);
    co_return is_granted;
}

net::Task<void> Dialogue::on_fragment() {
    if (expects_line(session_.expects()))
        co_await session_.on_line(fragmenter_.text());
    else
        co_await session_.on_command(fragmenter_.text(), fragmenter_.ahead());
    if (lease_.size() > 0) {
        fragmenter_.release();
        lease_.shrink_to(0);
    }
    const bool is_authenticated = session_.state() != State::not_authenticated;
    if (is_authenticated == is_authenticated_) co_return;
    is_authenticated_ = is_authenticated;
    if (is_authenticated)
        fragmenter_.set_authenticated(server_.limits.message_size);
    else
        fragmenter_.set_unauthenticated();
}

} // namespace maild::imap
