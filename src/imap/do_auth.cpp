// CAPABILITY, ID, STARTTLS, COMPRESS, LOGOUT, LOGIN, AUTHENTICATE.
#include "imap/capability_list.hpp"
#include "imap/session.hpp"

#include "maild/base/log.hpp"

namespace maild::imap {

namespace {

constexpr std::string_view kBase = "IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE IDLE";

} // namespace

bool Session::allows_password() const {
    return auth::allows_password(server_.plaintext, channel_.is_tls, channel_.peer.is_loopback);
}

auth::SaslOffer Session::offer() const { return auth::offer_on(server_.sasl, channel_.binding); }

// RFC 9051 §6.1.1, §6.2.1: LOGINDISABLED as long as a password would cross in the clear.
std::string Session::capabilities() const {
    if (state_ != State::not_authenticated)
        return logged_in_capabilities({.message_size = server_.limits.message_size,
                                       .is_compressed = is_compressed_,
                                       .hidden = identity_->hidden_capabilities});
    std::string out(kBase);
    if (!channel_.is_tls && server_.tls) out += " STARTTLS";
    if (!allows_password()) return out + " LOGINDISABLED";
    for (const auto name : auth::sasl_mechanisms(offer())) out.append(" AUTH=").append(name);
    return out;
}

Response Session::do_capability() {
    out_.text += "* CAPABILITY " + capabilities() + "\r\n";
    return ok("CAPABILITY completed");
}

// RFC 2971: what the client says of itself is for the log alone.
Response Session::do_id(const Id& id) {
    for (const auto& [field, value] : id.fields)
        if (value)
            log::debug("imap_client_id",
                       {{"field", field}, {"value", *value}, {"remote_ip", channel_.peer.address}});
    out_.text += "* ID (\"name\" \"Maild\" \"version\" \"" MAILD_VERSION "\")\r\n";
    return ok("ID completed");
}

Response Session::do_starttls() {
    if (channel_.is_tls) return bad("TLS is active already");
    // RFC 3207 §4.2 and its kind: what came in the clear behind it must not be taken for what comes
    // under TLS.
    if (!ahead_.empty()) {
        bye("Nothing may follow STARTTLS");
        return bad("Nothing may follow STARTTLS");
    }
    if (!server_.tls) return no("[UNAVAILABLE] There is no certificate");
    expects_ = Expects::tls;
    return ok("Begin TLS negotiation now");
}

// RFC 4978 §3: compressed is everything behind the CRLF of this response.
Response Session::do_compress() {
    if (is_compressed_) return no("[COMPRESSIONACTIVE] DEFLATE is active already");
    // The client waits for this answer: what it has sent already would be read as something else.
    if (!ahead_.empty()) {
        bye("Nothing may follow COMPRESS");
        return bad("Nothing may follow COMPRESS");
    }
    expects_ = Expects::deflate;
    return ok("DEFLATE active");
}

Response Session::do_logout() {
    bye("Logging out");
    return ok("LOGOUT completed");
}

net::Task<Response> Session::do_login(const Login& login) {
    // RFC 9051 §11.1: the password is here now, but it is neither checked nor kept.
    if (!allows_password()) co_return no("[PRIVACYREQUIRED] Use STARTTLS first");
    auth::Credentials credentials{.authzid = {}, .authcid = login.user, .password = login.password};
    auto identity =
        co_await server_.backend.authenticator().login(std::move(credentials), channel_.peer);
    if (!identity) co_return fail_login(identity.error());
    auto response = co_await log_in(std::move(*identity));
    co_return response;
}

net::Task<Response> Session::do_authenticate(const Authenticate& authenticate,
                                             std::string_view tag) {
    if (!allows_password()) co_return no("[PRIVACYREQUIRED] Use STARTTLS first");
    const auto offered = offer();
    const auto mechanism = auth::parse_mechanism(authenticate.mechanism, offered);
    if (!mechanism) co_return no("[CANNOT] This mechanism is not offered");
    tag_ = tag;
    sasl_ = std::make_unique<auth::SaslLogin>(*mechanism, offered, channel_.binding,
                                              server_.backend.authenticator(), channel_.peer);
    auto outcome = co_await sasl_->start(authenticate.initial_response);
    auto response = co_await on_sasl(std::move(outcome));
    co_return response;
}

net::Task<Response> Session::on_sasl(auth::SaslOutcome outcome) {
    if (const auto* challenge = std::get_if<auth::SaslChallenge>(&outcome)) {
        out_.text += "+ " + challenge->text + "\r\n";
        expects_ = Expects::sasl_line;
        co_return ok({});
    }
    sasl_.reset();
    tag_.clear();
    if (const auto* error = std::get_if<auth::SaslError>(&outcome))
        co_return bad(*error == auth::SaslError::cancelled ? "Authentication cancelled"
                                                           : "Malformed response");
    if (const auto* refusal = std::get_if<auth::LoginRefusal>(&outcome))
        co_return fail_login(*refusal);
    auto response = co_await log_in(std::move(std::get<auth::Identity>(outcome)));
    co_return response;
}

net::Task<Response> Session::log_in(auth::Identity identity) {
    const auto opened = co_await store().open_session(identity.token, *this);
    if (!opened) {
        log::warning("imap_open_failed", {{"account", identity.address},
                                          {"error", name_of(opened.error().code)},
                                          {"detail", opened.error().internal}});
        co_return no("[UNAVAILABLE] The mailboxes are not available, try again shortly");
    }
    store_session_ = *opened;
    visits_ = std::make_unique<Visits>(server_.backend, identity, *opened);
    identity_ = std::move(identity);
    state_ = State::authenticated;
    co_return ok("[CAPABILITY " + capabilities() + "] Logged in");
}

Response Session::fail_login(const auth::LoginRefusal& refusal) {
    if (refusal.is_turned_away()) { // HARDENING 40
        const auto text = "[UNAVAILABLE] " + std::string(auth::kTurnedAway);
        bye(text);
        return no(text);
    }
    if (!refusal.is_guess()) return response_for(refusal.code);
    const auto& limits = server_.limits;
    delay_ = refusal.answer_delay(auth_failures_, limits.auth_failure_delay,
                                  limits.auth_failure_delay_max);
    ++auth_failures_;
    return response_for(Errc::authentication_failed);
}

} // namespace maild::imap
