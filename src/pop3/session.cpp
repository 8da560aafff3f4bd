#include "pop3/session.hpp"

#include "pop3/limits.hpp"

#include <utility>

namespace maild::pop3 {
namespace {

constexpr std::string_view kLost = "[SYS/TEMP] The mail store was restarted, come back";

} // namespace

Session::Session(Channel channel, const Server& server, std::function<void()> on_lost)
    : server_(server),
      tell_lost_(std::move(on_lost)),
      channel_(std::move(channel)),
      ahead_(server.backend.store()) {}

Session::~Session() { close_maildrop(); }

// Without a timestamp: APOP (RFC 1939 §7) needs passwords that are kept in the clear.
Reply Session::greeting() { return ok("Maild POP3 server ready"); }

Reply Session::end(Reply reply) {
    expects_ = Expects::end;
    return reply;
}

// What is no command, or not now. Who sends only that is no mail client.
Reply Session::bad(std::string_view text) {
    if (++errors_ < server_.limits.bad_commands) return err(text);
    return end(err("Too many errors"));
}

void Session::on_tls(net::TlsBinding binding) {
    channel_.is_tls = true;
    channel_.binding = std::move(binding);
    is_utf8_ = false;
    user_.clear();
    expects_ = Expects::command;
}

void Session::on_lost() {
    is_lost_ = true;
    if (tell_lost_) tell_lost_();
}

net::Task<Reply> Session::on_line(net::Line line, bool is_followed) {
    if (is_lost_) co_return end(err(kLost));
    const bool is_broken = line.too_long || line.has_nul || line.has_bare_cr_or_lf;
    if (expects_ == Expects::sasl_line) {
        expects_ = Expects::command;
        if (is_broken) {
            sasl_.reset();
            co_return bad("Malformed response");
        }
        auto outcome = co_await sasl_->step(line.text);
        auto reply = co_await on_sasl(std::move(outcome));
        co_return reply;
    }
    if (is_broken)
        co_return bad(line.too_long ? "The line is too long" : "Bare CR, bare LF or NUL");
    const auto command = parse_command(line.text);
    if (!command && command.error().is_unknown && is_http_request(line.text))
        co_return end(err("This is a POP3 server"));
    if (!command && command.error().is_unknown) co_return bad("Unknown command");
    if (!command) co_return bad("Syntax error, expected " + std::string(command.error().expected));
    if (!command->row->allowed_in(state_)) co_return bad("This command is not for this state");
    const auto errors = errors_;
    auto reply = co_await run(*command, is_followed);
    if (errors_ == errors && expects_ != Expects::sasl_line) errors_ = 0;
    if (is_lost_ && expects_ != Expects::end) co_return end(err(kLost));
    co_return reply;
}

// One flat switch; each case awaits at most one handler.
net::Task<Reply> Session::run(const Command& command, bool is_followed) {
    switch (command.row->verb) {
    case Verb::capa: co_return capabilities();
    case Verb::stls: co_return do_stls(is_followed);
    case Verb::utf8: co_return do_utf8();
    case Verb::user: co_return do_user(std::get<Text>(command.arguments));
    case Verb::pass: {
        auto reply = co_await do_pass(std::get<Text>(command.arguments));
        co_return reply;
    }
    case Verb::auth: {
        auto reply = co_await do_auth(std::get<Auth>(command.arguments));
        co_return reply;
    }
    case Verb::quit: {
        auto reply = co_await do_quit();
        co_return reply;
    }
    default: break;
    }
    auto reply = co_await run_with_mail(command);
    co_return reply;
}

net::Task<Reply> Session::run_with_mail(const Command& command) {
    const auto& arguments = command.arguments;
    switch (command.row->verb) {
    case Verb::stat: co_return do_stat();
    case Verb::list: co_return do_list(std::get<Listing>(arguments));
    case Verb::uidl: co_return do_uidl(std::get<Listing>(arguments));
    case Verb::dele: co_return do_dele(std::get<Message>(arguments).number);
    case Verb::rset: co_return do_rset();
    case Verb::noop: co_return ok("Nothing done");
    case Verb::retr: {
        auto reply = co_await send_message(std::get<Message>(arguments).number, std::nullopt);
        co_return reply;
    }
    case Verb::top: {
        const auto& top = std::get<Top>(arguments);
        auto reply = co_await send_message(top.number, top.lines);
        co_return reply;
    }
    default: break;
    }
    co_return bad("Unknown command");
}

} // namespace maild::pop3
