// Input: one byte selects the mechanism and whether there is an initial response; lines follow,
// split at LF. What a SCRAM exchange asks of `auth` is answered from the next line: "+" ends it.
#include "maild/auth/sasl.hpp"
#include "maild/base/ensure.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;

static void check(const auth::SaslStep& step) {
    if (const auto* external = std::get_if<auth::ExternalLogin>(&step))
        ensure(external->authzid.size() <= auth::kMaxAuthcid && !external->authzid.contains('\0'));
    if (const auto* bearer = std::get_if<auth::BearerLogin>(&step)) {
        ensure(bearer->authzid.size() <= auth::kMaxAuthcid && !bearer->authzid.contains('\0'));
        ensure(bearer->token.size() <= auth::kMaxBearerToken && !bearer->token.contains('\x01'));
    }
    const auto* credentials = std::get_if<auth::Credentials>(&step);
    if (credentials == nullptr) return;
    ensure(!credentials->authcid.empty() && credentials->authcid.size() <= auth::kMaxAuthcid);
    ensure(!credentials->password.contains('\0'));
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    (void)auth::parse_plain(rest);
    (void)auth::parse_oauthbearer(rest);
    (void)auth::parse_xoauth2(rest);
    constexpr auth::Mechanism kMechanisms[] = {
        auth::Mechanism::plain,         auth::Mechanism::login,
        auth::Mechanism::scram_sha_256, auth::Mechanism::scram_sha_1_plus,
        auth::Mechanism::external,      auth::Mechanism::oauthbearer,
        auth::Mechanism::xoauth2};
    const auto pair = (data[0] & 32) != 0 ? 5 : (data[0] >> 2 & 2);
    const auto which = (data[0] & 48) == 16 ? 4 : pair + (data[0] & 1);
    auth::SaslExchange exchange(kMechanisms[which]);
    const auto next = [&rest] {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        return line;
    };
    auto step = (data[0] & 2) != 0 ? exchange.start(next()) : exchange.start(std::nullopt);
    check(step);
    while (!rest.empty()) {
        const auto line = next();
        if (std::holds_alternative<auth::ScramMessage>(step)) {
            auth::ScramAnswer answer{std::string(line), "state", std::nullopt};
            if (line.starts_with('+')) answer.identity.emplace();
            step = exchange.on_answer(std::move(answer));
        } else {
            step = exchange.step(line);
        }
        check(step);
    }
    return 0;
}
