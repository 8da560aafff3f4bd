#include "imap/session.hpp"

#include "imap/limits.hpp"
#include "imap/metadata.hpp"
#include "imap/room.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace maild::imap {

namespace {

// Whoever changes messages is told what became of them, whatever NOTIFY asks for.
bool changes_messages(Verb verb) {
    return verb == Verb::append || verb == Verb::replace || verb == Verb::expunge ||
           verb == Verb::move || verb == Verb::copy || verb == Verb::store;
}

} // namespace

Session::Session(Channel channel, const Server& server, Output& output, net::Event& wake)
    : server_(server), out_(output), wake_(wake), channel_(std::move(channel)) {}

Session::~Session() {
    if (guest_.session) store().close_session(*guest_.session);
    if (is_lost_) return; // with all handles
    visits_.reset();
    if (store_session_) store().close_session(*store_session_);
}

void Session::greet() {
    out_.text += "* OK [CAPABILITY " + capabilities() + "] IMAP server ready\r\n";
}

void Session::bye(std::string_view text) {
    if (expects_ == Expects::end) return;
    out_.text += "* BYE ";
    out_.text += text;
    out_.text += "\r\n";
    expects_ = Expects::end;
    state_ = State::logout;
}

void Session::on_tls(net::TlsBinding binding) {
    channel_.is_tls = true;
    channel_.binding = std::move(binding);
    expects_ = Expects::command;
}

void Session::on_layer() {
    is_compressed_ = expects_ == Expects::deflate;
    expects_ = Expects::command;
}

std::chrono::milliseconds Session::take_delay() {
    return std::exchange(delay_, std::chrono::milliseconds{});
}

void Session::stop_waiting() {
    is_patient_ = false;
    if (room_ != nullptr) room_->stop_waiting();
}

std::size_t Session::memory() const {
    return sizeof(Session) + (view_ ? sizeof(MailboxView) + view_->memory() : 0) +
           early_.capacity() * sizeof(early_[0]);
}

net::Task<void> Session::on_command(std::string_view fragment, std::string_view ahead) {
    if (is_http_request(fragment)) {
        bye("This is an IMAP server");
        co_return;
    }
    const auto command = parse_command(fragment, style_.is_utf8 ? Quoting::utf8 : Quoting::ascii);
    if (!command) {
        append_response(out_.text, command.error().tag.empty() ? "*" : command.error().tag,
                        refuse(command.error()));
        // Who sends only nonsense is no mail client.
        if (++syntax_errors_ >= server_.limits.bad_commands) bye("Too many errors");
        co_return;
    }
    syntax_errors_ = 0;
    if (!command->row->allowed_in(state_)) {
        append_response(out_.text, command->tag, bad("This command is not for this state"));
        co_return;
    }
    if (style_.uid_only && needs_uids(*command)) { // RFC 9586 §3
        append_response(
            out_.text, command->tag,
            bad("[UIDREQUIRED] Numbers of messages are not used behind ENABLE UIDONLY"));
        co_return;
    }
    ahead_ = ahead;
    is_busy_ = true;
    const auto response = co_await run(*command);
    co_await finish(command->tag, *command->row, response);
    if (visits_) visits_->leave();
    is_busy_ = false;
    // What came while IDLE, or the answer, told what was there before.
    if (listens() && (has_news() || guest_.is_lost)) wake_.notify();
}

// It names messages by numbers, or is answered by them.
bool Session::needs_uids(const Command& command) const {
    const auto has_numbers = [](const Search& search) {
        return std::ranges::any_of(search.program, [](const SearchKey& key) {
            return key.op == SearchOp::sequence && !key.set.is_saved();
        });
    };
    if (const auto* search = std::get_if<MultiSearch>(&command.arguments))
        return has_numbers(search->search);
    if (command.row->uses_seqs && !command.row->is_uid) return true;
    if (const auto* search = std::get_if<Search>(&command.arguments)) return has_numbers(*search);
    if (const auto* sort = std::get_if<Sort>(&command.arguments)) return has_numbers(sort->search);
    if (const auto* thread = std::get_if<Thread>(&command.arguments))
        return has_numbers(thread->search);
    const auto* select = std::get_if<Select>(&command.arguments);
    return select != nullptr && select->resync && !select->resync->match_seqs.empty();
}

Response Session::refuse(const CommandError& error) {
    if (error.is_unknown) return bad("Unknown command");
    return bad("Syntax error, expected " + std::string(error.expected));
}

net::Task<void> Session::finish(std::string_view tag, const CommandRow& row,
                                const Response& response) {
    if (is_lost_) co_return bye(kLost);
    if (end_if_gone()) co_return;
    if (expects_ == Expects::sasl_line || expects_ == Expects::done)
        co_return; // the tagged response comes later
    if (view_ && expects_ == Expects::command) {
        const auto rule = holds_expunges(row) ? ExpungeRule::hold : ExpungeRule::announce;
        is_own_change_ = changes_messages(row.verb);
        co_await announce(rule, row.is_uid);
        is_own_change_ = false;
    }
    if (is_lost_) co_return bye(kLost);
    if (end_if_gone()) co_return;
    co_await tell_elsewhere();
    append_response(out_.text, tag, response);
    if (auth_failures_ >= server_.limits.auth_failures) bye("Too many failed logins");
}

// RFC 9051 §5.5, §7.5.1: EXPUNGE never shifts the numbers that this command uses, or the next one,
// if the client has sent it without waiting.
bool Session::holds_expunges(const CommandRow& row) const {
    if (row.keeps_seqs) return true;
    if (row.verb == Verb::expunge || row.verb == Verb::move || row.verb == Verb::replace)
        return false;
    const auto* next = peek_command(ahead_);
    return next != nullptr && next->uses_seqs;
}

void Session::on_short(std::string_view beginning) {
    const auto tag = peek_command(beginning) == nullptr ? std::string_view("*")
                                                        : beginning.substr(0, beginning.find(' '));
    append_response(out_.text, tag, no(kShortOfMemory));
}

void Session::on_refused(std::string_view beginning) {
    const auto* row = peek_command(beginning);
    const auto tag = beginning.substr(0, beginning.find(' '));
    // A known command's tag is well-formed.
    if (row == nullptr)
        append_response(out_.text, "*", bad("[TOOBIG] The literal is too large"));
    else if ((row->verb == Verb::append || row->verb == Verb::replace) &&
             state_ != State::not_authenticated)
        append_response(out_.text, tag, no("[TOOBIG] The message is too large"));
    else if (row->verb == Verb::set_metadata && state_ != State::not_authenticated)
        append_response(out_.text, tag, refuse_change(Errc::too_large));
    else
        append_response(out_.text, tag, bad("[TOOBIG] The literal is too large"));
    if (++syntax_errors_ >= server_.limits.bad_commands) bye("Too many errors");
}

net::Task<void> Session::on_line(std::string_view line) {
    const auto tag = std::exchange(tag_, {});
    const bool is_idle = expects_ == Expects::done;
    expects_ = Expects::command;
    if (is_idle) {
        const auto response =
            ascii::equals_icase(line, "DONE") ? ok("IDLE completed") : bad("Expected DONE");
        is_busy_ = true;
        if (view_) co_await announce(ExpungeRule::announce, false);
        co_await tell_elsewhere();
        is_busy_ = false;
        append_response(out_.text, tag, response);
        co_return;
    }
    tag_ = tag;
    is_busy_ = true;
    auto outcome = co_await sasl_->step(line);
    const auto response = co_await on_sasl(std::move(outcome));
    is_busy_ = false;
    if (is_lost_) bye(kLost);
    if (expects_ == Expects::sasl_line) co_return;
    append_response(out_.text, tag, response);
    if (auth_failures_ >= server_.limits.auth_failures) bye("Too many failed logins");
}

net::Task<void> Session::on_wake() {
    if (is_lost_) co_return bye(kLost);
    // RFC 9051 §5.2, §7.5.1: between commands EXPUNGE is not allowed, unless NOTIFY asks for it,
    // and the rest can wait.
    if (!listens()) co_return;
    co_await tell_elsewhere();
    if (end_if_gone()) co_return;
    if (!view_ || !listens()) co_return;
    const bool is_delayed = expects_ != Expects::done && watch_->delays_expunge();
    co_await announce(is_delayed ? ExpungeRule::hold : ExpungeRule::announce, false);
}

void Session::on_changes(MailboxId mailbox, std::span<const store::Change> changes) {
    if (is_opening_) {
        for (const auto& change : changes) early_.emplace_back(mailbox, change);
        return;
    }
    if (!view_ || view_->id() != mailbox) return;
    for (const auto& change : changes) view_->apply(change);
    if (!is_busy_ && listens() && hears_selected()) wake_.notify();
}

bool Session::end_if_gone() {
    if (!view_) return false;
    const bool is_revoked = view_->is_revoked() || guest_.is_lost;
    if (view_->is_deleted())
        bye("The selected mailbox was deleted");
    else if (is_revoked) // RFC 4314 §5.1.1
        bye("[NOPERM] The selected mailbox is not shared any longer");
    return view_->is_deleted() || is_revoked;
}

void Session::Guest::on_lost() {
    session.reset();
    is_lost = true;
    told.wake_.notify();
}

void Session::on_lost() {
    is_lost_ = true;
    wake_.notify();
}

} // namespace maild::imap
