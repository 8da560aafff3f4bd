// AUTHORIZATION (RFC 1939 §4): CAPA, STLS, UTF8, USER, PASS, AUTH; and how a maildrop is opened.
#include "pop3/session.hpp"

#include "maild/base/log.hpp"

namespace maild::pop3 {
namespace {

constexpr std::string_view kInbox = "INBOX";
constexpr std::string_view kUseTls = "Use STLS first";

} // namespace

bool Session::allows_password() const {
    return auth::allows_password(server_.plaintext, channel_.is_tls, channel_.peer.is_loopback);
}

auth::SaslOffer Session::offer() const { return auth::offer_on(server_.sasl, channel_.binding); }

// RFC 2449 §5, §6. EXPIRE: mail is never removed by time. Where a password would cross in the
// clear, no way of logging in is offered.
Reply Session::capabilities() const {
    auto reply = ok("Capabilities follow");
    auto& out = reply.text;
    out += "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n";
    if (allows_password()) {
        out += "USER\r\nSASL";
        for (const auto name : auth::sasl_mechanisms(offer())) out.append(" ").append(name);
        out += "\r\n";
    }
    if (!channel_.is_tls && server_.tls && state_ == State::authorization) out += "STLS\r\n";
    out += "UTF8 USER\r\nIMPLEMENTATION Maild-" MAILD_VERSION "\r\n.\r\n";
    return reply;
}

Reply Session::do_stls(bool is_followed) {
    if (channel_.is_tls) return bad("TLS is active already");
    if (is_utf8_) return bad("STLS comes before UTF8"); // RFC 6856 §2.1
    // RFC 3207 §4.2 and its kind: what came in the clear behind it must not be taken for what comes
    // under TLS.
    if (is_followed) return end(err("Nothing may follow STLS"));
    if (!server_.tls) return err("[SYS/PERM] There is no certificate");
    expects_ = Expects::tls;
    return ok("Begin TLS negotiation now");
}

Reply Session::do_utf8() {
    is_utf8_ = true;
    return ok("Messages are sent as they are");
}

// Whether there is such an account is told with PASS, and not even then.
Reply Session::do_user(const Text& user) {
    if (!allows_password()) return err(kUseTls);
    user_ = user.text;
    return ok("Send the password");
}

net::Task<Reply> Session::do_pass(const Text& password) {
    // The password is here now, but it is neither checked nor kept.
    if (!allows_password()) co_return err(kUseTls);
    if (user_.empty()) co_return bad("USER comes first");
    auth::Credentials credentials{
        .authzid = {}, .authcid = std::exchange(user_, {}), .password = std::string(password.text)};
    auto identity =
        co_await server_.backend.authenticator().login(std::move(credentials), channel_.peer);
    if (!identity) co_return fail_login(identity.error());
    auto reply = co_await log_in(std::move(*identity));
    co_return reply;
}

net::Task<Reply> Session::do_auth(const Auth& auth) {
    user_.clear();
    if (!allows_password()) co_return err(kUseTls);
    const auto offered = offer();
    const auto mechanism = auth::parse_mechanism(auth.mechanism, offered);
    if (!mechanism) co_return err("This mechanism is not offered");
    sasl_.emplace(*mechanism, offered, channel_.binding, server_.backend.authenticator(),
                  channel_.peer);
    auto outcome = co_await sasl_->start(auth.initial_response);
    auto reply = co_await on_sasl(std::move(outcome));
    co_return reply;
}

// RFC 5034 §4: a challenge is "+", a space and base64.
net::Task<Reply> Session::on_sasl(auth::SaslOutcome outcome) {
    if (const auto* challenge = std::get_if<auth::SaslChallenge>(&outcome)) {
        expects_ = Expects::sasl_line;
        co_return Reply{.text = "+ " + challenge->text + "\r\n"};
    }
    sasl_.reset();
    if (const auto* error = std::get_if<auth::SaslError>(&outcome))
        co_return bad(*error == auth::SaslError::cancelled ? "Authentication cancelled"
                                                           : "Malformed response");
    if (const auto* refusal = std::get_if<auth::LoginRefusal>(&outcome))
        co_return fail_login(*refusal);
    auto reply = co_await log_in(std::move(std::get<auth::Identity>(outcome)));
    co_return reply;
}

net::Task<Reply> Session::log_in(auth::Identity identity) {
    const auto opened = co_await open_maildrop(identity.token);
    if (!opened) {
        log::warning("pop3_open_failed", {{"account", identity.address},
                                          {"error", name_of(opened.error().code)},
                                          {"detail", opened.error().internal}});
        close_maildrop();
        co_return reply_for(opened.error().code);
    }
    identity_ = std::move(identity);
    state_ = State::transaction;
    std::string text = "Logged in, ";
    append_number(text, maildrop_.count());
    co_return ok(text + " messages");
}

Reply Session::fail_login(const auth::LoginRefusal& refusal) {
    if (refusal.is_turned_away()) // HARDENING 40
        return end(err("[SYS/TEMP] " + std::string(auth::kTurnedAway)));
    auto reply = reply_for(refusal.code);
    if (!refusal.is_guess()) return reply;
    const auto& limits = server_.limits;
    reply.delay = refusal.answer_delay(auth_failures_, limits.auth_failure_delay,
                                       limits.auth_failure_delay_max);
    if (++auth_failures_ >= limits.auth_failures) expects_ = Expects::end;
    return reply;
}

net::Task<Result<void>> Session::open_maildrop(const auth::Token& token) {
    const auto session = co_await store().open_session(token, *this);
    if (!session) co_return std::unexpected(session.error());
    store_session_ = *session;
    // RFC 1939 §4: an exclusive-access lock, before anything is read.
    auto done = co_await server_.backend.claims().claim(*session, store::MailboxName(kInbox));
    if (done) done = co_await load_maildrop();
    if (done && is_lost_) co_return fail(Errc::unavailable, "lost while it was opened");
    co_return done;
}

net::Task<Result<void>> Session::load_maildrop() {
    const auto opened =
        co_await store().open_mailbox(*store_session_, store::MailboxName(kInbox), false);
    if (!opened) co_return std::unexpected(opened.error());
    std::vector<MaildropMessage> messages;
    messages.reserve(opened->messages.size());
    std::optional<Uid> next;
    if (!opened->messages.empty()) next = opened->messages.front().uid;
    while (next) {
        store::UidSet uids{{*next, opened->messages.back().uid}};
        auto fetched = co_await store().fetch(*store_session_, std::move(uids), store::kSize);
        if (!fetched) co_return std::unexpected(std::move(fetched.error()));
        for (const auto& data : fetched->messages)
            messages.push_back({.uid = data.uid, .size = data.size});
        next = fetched->next;
    }
    maildrop_ = Maildrop(opened->status.uid_validity, std::move(messages));
    co_return Result<void>{};
}

void Session::close_maildrop() {
    if (store_session_ && !is_lost_) store().close_session(*store_session_);
    store_session_.reset();
    is_lost_ = false;
}

} // namespace maild::pop3
