#include "maild/relay/session.hpp"

#include "relay/commands.hpp"
#include "relay/conversation.hpp"
#include "relay/login.hpp"
#include "relay/transaction.hpp"

#include <algorithm>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::relay {
namespace {

constexpr std::uint64_t kLikelySize = 1'000; // octets of the message that is asked about

} // namespace

class Session::Impl {
public:
    Impl(net::Stream stream, SessionOptions options_in, Random& random_in)
        : options(std::move(options_in)),
          random(random_in),
          with(std::move(stream), options.host) {}

    net::Task<Result<void, Outcome>> hello();
    net::Task<Result<void, Outcome>> shake_hands(const net::ClientTls& tls, std::string name);

    // The session is of no use any more.
    std::unexpected<Outcome> over(Outcome outcome) {
        with.end();
        return std::unexpected(std::move(outcome));
    }
    std::unexpected<Outcome> over(const Reply& reply, Stage stage) {
        auto outcome = with.outcome(reply, stage, Scope::host);
        if (outcome.is_delivered()) outcome.fate = Fate::deferred; // 2yz, but not the one
        return over(std::move(outcome));
    }

    SessionOptions options;
    Random& random;
    Conversation with;
    Capabilities capabilities;
    std::size_t transactions = 0;
    bool needs_reset = false;
};

// RFC 5321 §3.2: a server that does not know EHLO gets HELO. LMTP knows LHLO alone (RFC 2033 §4.1).
net::Task<Result<void, Outcome>> Session::Impl::hello() {
    const bool is_lmtp = options.protocol == Protocol::lmtp;
    const auto timeout = options.timeouts.hello;
    const auto command = (is_lmtp ? "LHLO " : "EHLO ") + options.hello_name;
    const auto reply = co_await with.ask(command, timeout);
    if (!reply) co_return over(with.outcome(reply.error(), Stage::hello));
    if (reply->is_positive()) {
        capabilities = parse_capabilities(*reply);
        co_return Result<void, Outcome>{};
    }
    if (is_lmtp || !reply->is_permanent()) co_return over(*reply, Stage::hello);
    const auto old_command = "HELO " + options.hello_name;
    const auto old = co_await with.ask(old_command, timeout);
    if (!old) co_return over(with.outcome(old.error(), Stage::hello));
    if (!old->is_positive()) co_return over(*old, Stage::hello);
    capabilities = without_extensions(*old);
    co_return Result<void, Outcome>{};
}

net::Task<Result<void, Outcome>> Session::Impl::shake_hands(const net::ClientTls& tls,
                                                            std::string name) {
    const auto secured =
        co_await with.stream().start_client_tls(tls, std::move(name), options.timeouts.tls);
    if (secured) co_return Result<void, Outcome>{};
    const auto& error = secured.error();
    auto words = error.code == Errc::timed_out ? "the TLS handshake took too long"
                 : error.internal.empty()      ? "the TLS handshake failed"
                                               : error.internal;
    auto outcome = verdict("4.7.5", cleaned(words), Stage::starttls, Scope::host);
    outcome.host = with.host();
    co_return over(std::move(outcome));
}

Session::Session(net::Stream stream, SessionOptions options, Random& random)
    : impl_(std::make_unique<Impl>(std::move(stream), std::move(options), random)) {}
Session::~Session() = default;

net::Task<Result<void, Outcome>> Session::wrap_tls(const net::ClientTls& tls,
                                                   std::string server_name) {
    auto done = co_await impl_->shake_hands(tls, std::move(server_name));
    co_return done;
}

net::Task<Result<void, Outcome>> Session::open() {
    const auto greeting = co_await impl_->with.read(impl_->options.timeouts.greeting);
    if (!greeting) co_return impl_->over(impl_->with.outcome(greeting.error(), Stage::greeting));
    // 554 and 521: no mail here (RFC 5321 §3.1, RFC 7504); what is not 220 is no greeting.
    if (greeting->code != 220) co_return impl_->over(*greeting, Stage::greeting);
    auto said = co_await impl_->hello();
    co_return said;
}

net::Task<Result<void, Outcome>> Session::start_tls(const net::ClientTls& tls,
                                                    std::string server_name) {
    auto& with = impl_->with;
    const auto reply = co_await with.ask("STARTTLS", impl_->options.timeouts.tls);
    if (!reply) co_return impl_->over(with.outcome(reply.error(), Stage::starttls));
    if (reply->code != 220) {
        auto refusal = with.outcome(*reply, Stage::starttls, Scope::host);
        refusal.fate = Fate::deferred; // no word about the mail
        co_return impl_->over(std::move(refusal));
    }
    // RFC 3207 §4.2, §6: what was said in plain text already would be taken for an answer to what
    // is said under TLS.
    if (with.has_unread()) {
        auto attack = verdict("4.7.5", "the server has said more than its reply to STARTTLS",
                              Stage::starttls, Scope::host);
        attack.host = with.host();
        co_return impl_->over(std::move(attack));
    }
    auto secured = co_await impl_->shake_hands(tls, std::move(server_name));
    if (!secured) co_return secured;
    impl_->capabilities = {};
    auto said = co_await impl_->hello();
    co_return said;
}

net::Task<Result<void, Outcome>> Session::login(const Credentials& credentials) {
    const bool is_open = !stream().tls() && !credentials.allows_plain_text;
    auto mechanism = choose_mechanism(credentials, impl_->capabilities);
    if (is_open || mechanism.empty()) {
        auto outcome = verdict("4.7.8",
                               is_open ? "no login without TLS"
                                       : "the server offers no way to log in that we know",
                               Stage::login, Scope::host);
        outcome.host = impl_->options.host;
        co_return std::unexpected(std::move(outcome));
    }
    auto done = co_await log_in(impl_->with, credentials, std::move(mechanism), impl_->random,
                                impl_->options.timeouts.login);
    if (!done) impl_->with.end();
    co_return done;
}

net::Task<std::vector<Outcome>> Session::send(const Envelope& envelope, Content& content) {
    auto& with = impl_->with;
    std::optional<Outcome> fault;
    if (with.is_over()) fault = with.outcome(Error{Errc::closed, {}}, Stage::mail);
    if (!fault && impl_->needs_reset) {
        const auto reply = co_await with.ask("RSET", impl_->options.timeouts.mail);
        if (!reply)
            fault = with.outcome(reply.error(), Stage::mail);
        else if (!reply->is_positive())
            fault = with.outcome(*reply, Stage::mail, Scope::host);
        if (fault) {
            fault->fate = Fate::deferred;
            with.end();
        }
    }
    if (fault) co_return std::vector<Outcome>(envelope.recipients.size(), *fault);
    ++impl_->transactions;
    Transaction transaction(with, impl_->capabilities, impl_->options, envelope, content);
    auto outcomes = co_await transaction.run();
    impl_->needs_reset = transaction.leaves_rest();
    co_return outcomes;
}

net::Task<std::vector<Outcome>> Session::ask_about(const Envelope& envelope) {
    auto& with = impl_->with;
    const auto& timeouts = impl_->options.timeouts;
    const auto& offered = impl_->capabilities;
    ++impl_->transactions;
    std::vector<Outcome> outcomes;
    const auto mail = format_mail(envelope, kLikelySize, offered);
    const auto begun = co_await with.ask(mail, timeouts.mail);
    if (!begun || !begun->is_positive()) {
        const auto refusal = begun ? with.outcome(*begun, Stage::mail, Scope::message)
                                   : with.outcome(begun.error(), Stage::mail);
        co_return std::vector(envelope.recipients.size(), refusal);
    }
    for (const auto& recipient : envelope.recipients) {
        const auto rcpt = format_rcpt(recipient, offered);
        const auto reply = co_await with.ask(rcpt, timeouts.rcpt);
        outcomes.push_back(reply ? with.outcome(*reply, Stage::rcpt, Scope::recipient)
                                 : with.outcome(reply.error(), Stage::rcpt));
    }
    if (!with.is_over()) {
        const auto reply = co_await with.ask("RSET", timeouts.mail);
        impl_->needs_reset = !reply || !reply->is_positive();
    }
    co_return outcomes;
}

net::Task<void> Session::quit() {
    auto& with = impl_->with;
    const auto timeout = impl_->options.timeouts.quit;
    if (!with.is_over()) {
        const auto reply = co_await with.ask("QUIT", timeout);
        static_cast<void>(reply);
    }
    with.end();
    co_await with.stream().shutdown(std::chrono::milliseconds(0));
}

bool Session::is_usable() const {
    const auto most = impl_->capabilities.most_transactions;
    return !impl_->with.is_over() && (!most || impl_->transactions < *most);
}

std::size_t Session::most_recipients() const {
    const auto most = impl_->capabilities.most_recipients.value_or(impl_->options.most_recipients);
    return std::max<std::size_t>(std::min<std::size_t>(most, impl_->options.most_recipients), 1);
}

std::size_t Session::transactions() const { return impl_->transactions; }
const Capabilities& Session::capabilities() const { return impl_->capabilities; }
const net::Stream& Session::stream() const { return impl_->with.stream(); }

} // namespace maild::relay
