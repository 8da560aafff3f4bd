#include "maild/auth/sasl.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"
#include "maild/base/encoding.hpp"
#include "maild/base/utf8.hpp"

#include <utility>

namespace maild::auth {
namespace {

using namespace std::string_view_literals;

enum class Needs : std::uint8_t { nothing, certificate, scram, scram_and_binding, issuer };

struct Known {
    std::string_view name;
    Mechanism mechanism;
    Needs needs = Needs::nothing;
};
constexpr Known kKnown[] = {
    {"EXTERNAL", Mechanism::external, Needs::certificate},
    {"SCRAM-SHA-256-PLUS", Mechanism::scram_sha_256_plus, Needs::scram_and_binding},
    {"SCRAM-SHA-256", Mechanism::scram_sha_256, Needs::scram},
    {"SCRAM-SHA-1-PLUS", Mechanism::scram_sha_1_plus, Needs::scram_and_binding},
    {"SCRAM-SHA-1", Mechanism::scram_sha_1, Needs::scram},
    {"OAUTHBEARER", Mechanism::oauthbearer, Needs::issuer},
    {"XOAUTH2", Mechanism::xoauth2, Needs::issuer},
    {"PLAIN", Mechanism::plain},
    {"LOGIN", Mechanism::login},
};

bool is_offered(const Known& known, const SaslOffer& offer) {
    switch (known.needs) {
    case Needs::nothing: return true;
    case Needs::certificate: return offer.has_certificate;
    case Needs::scram: return offer.scram;
    case Needs::scram_and_binding: return offer.scram && offer.is_bound;
    case Needs::issuer: return offer.bearer != nullptr;
    }
    return false;
}

// What clients expect to see, draft-murchison-sasl-login §2.2; Outlook compares the text.
constexpr auto kUserNamePrompt = "Username:"sv;
constexpr auto kPasswordPrompt = "Password:"sv;

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= kMaxAuthcid && !text.contains('\0') && is_utf8(text);
}

SaslStep challenge(std::string_view text) { return SaslChallenge{base64_encode(text)}; }

} // namespace

SaslOffer offer_on(SaslOffer offer, const net::TlsBinding& binding) {
    offer.is_bound = !binding.empty();
    offer.has_certificate = !binding.client_chain.empty();
    return offer;
}

std::vector<std::string_view> sasl_mechanisms(const SaslOffer& offer) {
    std::vector<std::string_view> names;
    for (const auto& known : kKnown)
        if (is_offered(known, offer)) names.push_back(known.name);
    return names;
}

std::optional<Mechanism> parse_mechanism(std::string_view name, const SaslOffer& offer) {
    for (const auto& known : kKnown)
        if (ascii::equals_icase(known.name, name) && is_offered(known, offer))
            return known.mechanism;
    return std::nullopt;
}

// message = [authzid] UTF8NUL authcid UTF8NUL passwd, RFC 4616 §2
Result<Credentials, SyntaxError> parse_plain(std::string_view message) {
    const auto not_nul = [](char c) { return c != '\0'; };
    Cursor in(message);
    const auto authzid = in.take_while(not_nul);
    if (!authzid.empty() && !is_name(authzid)) return in.expected("authzid");
    if (!in.take('\0')) return in.expected("NUL");
    const auto authcid = in.take_while(not_nul);
    if (!is_name(authcid)) return in.expected("authcid");
    if (!in.take('\0')) return in.expected("NUL");
    const auto password = in.take_while(not_nul);
    if (!in.at_end()) return in.expected("end");
    if (!is_utf8(password)) return in.expected("passwd");
    return Credentials{std::string(authzid), std::string(authcid), std::string(password)};
}

SaslStep SaslExchange::end(SaslStep result) {
    wants_ = Wants::nothing;
    authcid_.clear();
    state_.clear();
    identity_.reset();
    return result;
}

SaslExchange::Wants SaslExchange::first_want() const {
    if (mechanism_ == Mechanism::plain) return Wants::message;
    if (mechanism_ == Mechanism::login) return Wants::name;
    if (mechanism_ == Mechanism::external) return Wants::authzid;
    if (mechanism_ == Mechanism::oauthbearer || mechanism_ == Mechanism::xoauth2)
        return Wants::token;
    return Wants::scram;
}

SaslStep SaslExchange::start(std::optional<std::string_view> initial_response) {
    if (wants_ != Wants::start) return end(SaslError::malformed);
    wants_ = first_want();
    if (initial_response) return step(*initial_response == "=" ? ""sv : *initial_response);
    return challenge(mechanism_ == Mechanism::login ? kUserNamePrompt : ""sv);
}

SaslStep SaslExchange::step(std::string_view line) {
    if (line == "*") return end(SaslError::cancelled);
    if (line.size() > kMaxSaslLine) return end(SaslError::malformed);
    auto message = base64_decode(line);
    if (!message) return end(SaslError::malformed);
    return on_message(std::move(*message));
}

SaslStep SaslExchange::on_message(std::string message) {
    switch (wants_) {
    case Wants::message: {
        auto credentials = parse_plain(message);
        if (!credentials) return end(SaslError::malformed);
        return end(std::move(*credentials));
    }
    case Wants::authzid: // RFC 4422 appendix A.1: empty, or whom to act as
        if (!message.empty() && !is_name(message)) return end(SaslError::malformed);
        return end(ExternalLogin{std::move(message), binding_.client_chain});
    case Wants::token: {
        auto login =
            mechanism_ == Mechanism::xoauth2 ? parse_xoauth2(message) : parse_oauthbearer(message);
        if (!login) return end(SaslError::malformed);
        return end(std::move(*login));
    }
    case Wants::name:
        // An initial response is the name here; some clients (Outlook's AUTH LOGIN with it) do so.
        if (!is_name(message)) return end(SaslError::malformed);
        authcid_ = std::move(message);
        wants_ = Wants::password;
        return challenge(kPasswordPrompt);
    case Wants::password:
        if (message.contains('\0') || !is_utf8(message)) return end(SaslError::malformed);
        return end(Credentials{{}, std::move(authcid_), std::move(message)});
    case Wants::scram: return on_scram(std::move(message));
    case Wants::assent:
        if (message.empty()) return end(std::move(*identity_));
        break;
    case Wants::start:
    case Wants::answer:
    case Wants::nothing: break;
    }
    return end(SaslError::malformed);
}

SaslStep SaslExchange::on_scram(std::string message) {
    wants_ = Wants::answer;
    return ScramMessage{.hash = mechanism_ == Mechanism::scram_sha_1 ||
                                        mechanism_ == Mechanism::scram_sha_1_plus
                                    ? ScramHash::sha1
                                    : ScramHash::sha256,
                        .is_plus = mechanism_ == Mechanism::scram_sha_1_plus ||
                                   mechanism_ == Mechanism::scram_sha_256_plus,
                        .text = std::move(message),
                        .state = std::exchange(state_, {}),
                        .binding = binding_};
}

// The last word is one more challenge, which the client answers with an empty line: none of our
// protocols can say it with the success itself (RFC 4422 §5, item 2a of the profiles' lists).
SaslStep SaslExchange::on_answer(ScramAnswer answer) {
    if (wants_ != Wants::answer) return end(SaslError::malformed);
    state_ = std::move(answer.state);
    identity_ = std::move(answer.identity);
    wants_ = identity_ ? Wants::assent : Wants::scram;
    return challenge(answer.text);
}

} // namespace maild::auth
