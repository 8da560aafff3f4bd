// Input: a client-first-message, LF, a client-final-message, LF, stored keys. Whatever parses keeps
// its octets, and no proof is ever right by chance.
#include "maild/auth/sasl.hpp"
#include "maild/auth/scram.hpp"
#include "maild/base/ensure.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const auto next = [&rest] {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        return line;
    };
    const auto first_text = next(), final_text = next();
    const auto first = auth::parse_scram_first(first_text);
    if (first) {
        ensure(first->gs2_header + first->bare == first_text);
        ensure(!first->authcid.empty() && first->authcid.size() <= auth::kMaxAuthcid);
        ensure(!first->nonce.empty() && first->nonce.size() <= auth::kMaxScramNonce);
    }
    const auto final = auth::parse_scram_final(final_text);
    if (final) ensure(final_text.starts_with(final->without_proof + ",p="));
    const auto keys = auth::parse_scram_keys(rest);
    if (keys) ensure(auth::parse_scram_keys(auth::format_scram_keys(*keys)).has_value());
    if (!first || !final) return 0;
    const auth::ScramKeys ours{.salt = "salt",
                               .stored_key = std::string(32, '\x01'),
                               .server_key = std::string(32, '\x02')};
    const auto challenge = auth::format_scram_challenge(final->nonce, ours);
    ensure(!auth::verify_scram(ours, *first, challenge, *final));
    (void)auth::check_scram_binding(*first, *final, {.is_plus = first->flag == 'p'});
    return 0;
}
