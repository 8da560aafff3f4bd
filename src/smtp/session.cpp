#include "smtp/session.hpp"

#include "smtp/replies.hpp"

#include "maild/base/ascii.hpp"

namespace maild::smtp {
namespace {

bool is_auth(std::string_view line) { return ascii::starts_with_icase(line, "AUTH "); }

// A chunk may stand behind it, however wrong the rest of the line is.
bool is_bdat(std::string_view line) { return ascii::starts_with_icase(line, "BDAT"); }

} // namespace

Session::Session(const Server& server, Client client)
    : server_(server), client_(std::move(client)) {}

Replies Session::greeting() const {
    return {"220 " + server_.hostname + ' ' + std::string(server_.dialect->name) + " Maild\r\n"};
}

net::Task<Replies> Session::on_line(net::Line line, bool is_followed) {
    if (login_) {
        auto replies = co_await on_response(line);
        co_return replies;
    }
    const auto admitted = admit(line, is_followed);
    if (!admitted) co_return admitted.error();
    const Command& command = *admitted;
    if (const auto* mail = std::get_if<Mail>(&command)) {
        auto replies = co_await handle(*mail);
        co_return replies;
    }
    if (const auto* rcpt = std::get_if<Rcpt>(&command)) {
        auto replies = co_await handle(*rcpt);
        co_return replies;
    }
    if (const auto* data = std::get_if<Data>(&command)) {
        auto replies = co_await handle(*data);
        co_return replies;
    }
    if (const auto* auth = std::get_if<Auth>(&command)) {
        auto replies = co_await handle(*auth);
        co_return replies;
    }
    co_return std::visit(
        [this](const auto& other) -> Replies {
            if constexpr (requires {
                              { this->handle(other) } -> std::same_as<Replies>;
                          })
                return handle(other);
            else
                return {}; // those that were awaited above
        },
        command);
}

// A command that may be handled now, or what its line is answered instead.
std::expected<Command, Replies> Session::admit(const net::Line& line, bool is_followed) {
    const auto wrong = [&](std::string_view reply) {
        return std::unexpected(is_bdat(line.text) ? end(replies::kBadChunk) : bad(reply));
    };
    if (++commands_ > server_.limits.commands)
        return std::unexpected(end(replies::kTooManyCommands));
    if (line.too_long ||
        (line.text.size() + 2 > server_.limits.command_line && !is_auth(line.text)))
        return wrong(replies::kLineTooLong);
    if (line.has_nul || line.has_bare_cr_or_lf) return wrong(replies::kBadOctets);
    const bool utf8 = transaction_ && transaction_->mail.smtputf8;
    auto command = parse_command(line.text, utf8 ? mail::Utf8::allowed : mail::Utf8::refused);
    if (!command) return wrong(replies::of(command.error().problem));
    // RFC 2920 §3.1: without PIPELINING no command may be followed unanswered, with it some may
    // not. Whoever does it is not in step with us: an injection before STARTTLS (RFC 3207 §5),
    // smuggled content, a spammer in a hurry.
    const auto& rules = rules_of(*command);
    if (is_followed && (rules.last_in_group || (!client_.is_extended && !rules.before_hello)))
        return std::unexpected(end(replies::kUnasked));
    if (auto refusal = check_order(*command)) return std::unexpected(std::move(*refusal));
    return std::move(*command);
}

// RFC 5321 §4.1.4
Session::Decision Session::check_order(const Command& command) {
    const auto& rules = rules_of(command);
    if (rules.is_idle && ++idle_commands_ > server_.limits.idle_commands)
        return end(replies::kTooIdle);
    if (!rules.before_hello && client_.hello.empty()) return bad(replies::kHelloFirst);
    if (!rules.in_transaction && transaction_) return bad(replies::kBadSequence);
    return std::nullopt;
}

Replies Session::bad(std::string_view reply) {
    if (++bad_commands_ > server_.limits.bad_commands) return end(replies::kTooManyErrors);
    return say(reply);
}

Replies Session::end(std::string_view reply) {
    forget_transaction(reply == replies::kBye ? "the client ended the session" : reply);
    login_.reset();
    expects_ = Expects::nothing;
    return say(reply);
}

// EHLO, HELO or LHLO, at any time: the same as RSET (RFC 5321 §4.1.4).
Replies Session::handle(const Hello& command) {
    if (!server_.dialect->speaks(command.kind)) return bad(replies::kWrongHello); // RFC 2033 §4.1
    forget_transaction("the client greeted anew");
    sender_refused_ = false;
    client_.hello = command.name;
    client_.is_extended = command.kind != HelloKind::helo;
    if (!client_.is_extended) return {"250 " + server_.hostname + "\r\n"};
    return {capabilities()};
}

Replies Session::handle(const Rset&) {
    forget_transaction("the client gave it up");
    sender_refused_ = false;
    return say(replies::kOk);
}

Replies Session::handle(const StartTls&) {
    if (client_.tls || client_.identity) return bad(replies::kBadSequence);
    if (!server_.tls) return bad(replies::kNotImplemented);
    expects_ = Expects::tls_handshake;
    return say(replies::kStartTls);
}

// What was said in the clear may have been said by anyone, RFC 3207 §4.2.
void Session::on_tls(net::TlsState state) {
    forget_transaction("the client began TLS");
    client_.tls = std::move(state);
    client_.hello.clear();
    client_.is_extended = false;
    client_.identity.reset();
    login_.reset();
    sender_refused_ = false;
    expects_ = Expects::command;
}

Replies Session::handle(const Quit&) { return end(replies::kBye); }
Replies Session::handle(const Noop&) { return say(replies::kOk); }
Replies Session::handle(const Help&) { return say(replies::kHelp); }
Replies Session::handle(const NotImplemented&) { return bad(replies::kNotImplemented); }
Replies Session::handle(const Http&) { return end(replies::kNotHttp); }

// Never says who exists (§7.3), and leaves a transaction as it is (§4.1.4).
Replies Session::handle(const Vrfy&) { return say(replies::kCannotVerify); }

} // namespace maild::smtp
