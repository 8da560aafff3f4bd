#include "maild/auth/sasl.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"
#include "maild/base/encoding.hpp"
#include "maild/base/utf8.hpp"

#include <array>

namespace maild::auth {
namespace {

using namespace std::string_view_literals;

struct Known {
    std::string_view name;
    Mechanism mechanism;
};
constexpr Known kKnown[] = {{"PLAIN", Mechanism::plain}, {"LOGIN", Mechanism::login}};

// What clients expect to see, draft-murchison-sasl-login §2.2; Outlook compares the text.
constexpr auto kUserNamePrompt = "Username:"sv;
constexpr auto kPasswordPrompt = "Password:"sv;

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= kMaxAuthcid && !text.contains('\0') && is_utf8(text);
}

SaslStep challenge(std::string_view text) { return SaslChallenge{base64_encode(text)}; }

} // namespace

std::span<const std::string_view> sasl_mechanisms() {
    static constexpr std::array kNames = {kKnown[0].name, kKnown[1].name};
    return kNames;
}

std::optional<Mechanism> parse_mechanism(std::string_view name) {
    for (const auto& known : kKnown)
        if (ascii::equals_icase(known.name, name)) return known.mechanism;
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
    return result;
}

SaslStep SaslExchange::start(std::optional<std::string_view> initial_response) {
    if (wants_ != Wants::start) return end(SaslError::malformed);
    wants_ = mechanism_ == Mechanism::plain ? Wants::message : Wants::name;
    if (initial_response) return step(*initial_response == "=" ? ""sv : *initial_response);
    return mechanism_ == Mechanism::plain ? challenge("") : challenge(kUserNamePrompt);
}

SaslStep SaslExchange::step(std::string_view line) {
    if (line == "*") return end(SaslError::cancelled);
    if (line.size() > kMaxSaslLine) return end(SaslError::malformed);
    const auto message = base64_decode(line);
    if (!message) return end(SaslError::malformed);
    return on_message(*message);
}

SaslStep SaslExchange::on_message(std::string_view message) {
    switch (wants_) {
    case Wants::message: {
        auto credentials = parse_plain(message);
        if (!credentials) return end(SaslError::malformed);
        return end(std::move(*credentials));
    }
    case Wants::name:
        // An initial response is the name here; some clients (Outlook's AUTH LOGIN with it) do so.
        if (!is_name(message)) return end(SaslError::malformed);
        authcid_ = message;
        wants_ = Wants::password;
        return challenge(kPasswordPrompt);
    case Wants::password:
        if (message.contains('\0') || !is_utf8(message)) return end(SaslError::malformed);
        return end(Credentials{{}, std::move(authcid_), std::string(message)});
    case Wants::start:
    case Wants::nothing: break;
    }
    return end(SaslError::malformed);
}

} // namespace maild::auth
