#include "imap/dialogue.hpp"

namespace maild::imap {

namespace {

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
    : session_(std::move(channel), server, output, wake), out_(output), server_(server) {}

net::Task<void> Dialogue::advance() {
    while (!expects_more(session_.expects())) {
        if (expects_line(session_.expects())) fragmenter_.expect_plain_line();
        const auto event = fragmenter_.next();
        if (event == Event::need_more) co_return;
        if (event == Event::need_literal) out_.text += "+ OK\r\n";
        if (event == Event::refused) session_.on_refused(fragmenter_.text());
        if (event == Event::overflow) session_.bye("[TOOBIG] The command is too large");
        if (event == Event::fragment) co_await on_fragment();
        if (session_.has_delay()) co_return;
        if (!out_.is_full()) continue;
        const bool alive = co_await out_.flush();
        if (!alive) co_return;
    }
}

net::Task<void> Dialogue::on_fragment() {
    if (expects_line(session_.expects()))
        co_await session_.on_line(fragmenter_.text());
    else
        co_await session_.on_command(fragmenter_.text(), fragmenter_.ahead());
    const bool is_authenticated = session_.state() != State::not_authenticated;
    if (is_authenticated == is_authenticated_) co_return;
    is_authenticated_ = is_authenticated;
    if (is_authenticated)
        fragmenter_.set_authenticated(server_.limits.message_size);
    else
        fragmenter_.set_unauthenticated();
}

} // namespace maild::imap
