#include "imap/dialogue.hpp"

#include "imap/respond.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

// Of a command so much is not counted: most are smaller.
constexpr std::size_t kUncounted = 8 * 1024;

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
    lease_.keep(); // what is being looked at stays
    while (!expects_more(session_.expects())) {
        if (expects_line(session_.expects())) fragmenter_.expect_plain_line();
        const auto event = fragmenter_.next();
        if (event == Event::need_more) {
            const bool has_room = co_await wait_for_room(false);
            if (!has_room) give_up();
            if (has_room) lease_.on_ended([this] { give_up(); });
            if (has_room || fragmenter_.is_swallowing()) co_return;
            continue;
        }
        if (event == Event::need_literal) co_await go_on_with_literal();
        if (event == Event::refused) {
            session_.on_refused(fragmenter_.text());
            give_back();
        }
        if (event == Event::overflow) {
            session_.bye(is_short_ ? kShortOfMemory : "[TOOBIG] The command is too large");
            give_back();
        }
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
    session_.on_short(fragmenter_.text());
    server_.budget.note_refused();
    give_back();
}

// A command is over, and what it took goes with what was counted for it.
void Dialogue::give_back() {
    if (lease_.size() == 0) return;
    fragmenter_.release();
    lease_.shrink_to(0);
}

// For the rest of a command that does not wait to be asked for it; or it does not come while others
// wait for its memory.
void Dialogue::give_up() {
    is_short_ = true;
    server_.budget.note_refused();
    fragmenter_.give_up();
    lease_.shrink_to(0);
}

// For what is there of a command; and, when a literal `is_announced`, for all of that. What was
// said before is on its way first.
net::Task<bool> Dialogue::wait_for_room(bool is_announced) {
    // With its line around it a message of the largest size would never fit.
    const auto awaited = std::min(fragmenter_.awaited(), server_.budget.largest());
    if (awaited <= kUncounted) co_return true;
    const auto pending = std::min(fragmenter_.pending(), awaited);
    if (!is_announced && lease_.grow_promised(pending)) co_return true;
    co_await out_.flush();
    const auto patience =
        session_.is_patient() ? server_.limits.memory_patience : std::chrono::milliseconds(0);
    const bool is_granted = co_await lease_.wait_for(pending, awaited, patience);
    co_return is_granted;
}

void Dialogue::stop_waiting() {
    lease_.stop_waiting();
    session_.stop_waiting();
}

net::Task<void> Dialogue::on_fragment() {
    if (expects_line(session_.expects()))
        co_await session_.on_line(fragmenter_.text());
    else
        co_await session_.on_command(fragmenter_.text(), fragmenter_.ahead());
    give_back();
    const bool is_authenticated = session_.state() != State::not_authenticated;
    if (is_authenticated == is_authenticated_) co_return;
    is_authenticated_ = is_authenticated;
    if (is_authenticated)
        fragmenter_.set_authenticated(server_.limits.message_size);
    else
        fragmenter_.set_unauthenticated();
}

} // namespace maild::imap
