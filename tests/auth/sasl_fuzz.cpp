// Input: one byte selects the mechanism and whether there is an initial response; lines follow,
// split at LF.
#include "maild/auth/sasl.hpp"
#include "maild/base/ensure.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;

static void check(const auth::SaslStep& step) {
    const auto* credentials = std::get_if<auth::Credentials>(&step);
    if (credentials == nullptr) return;
    ensure(!credentials->authcid.empty() && credentials->authcid.size() <= auth::kMaxAuthcid);
    ensure(!credentials->password.contains('\0'));
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    (void)auth::parse_plain(rest);
    auth::SaslExchange exchange((data[0] & 1) != 0 ? auth::Mechanism::login
                                                   : auth::Mechanism::plain);
    const auto next = [&rest] {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        return line;
    };
    check((data[0] & 2) != 0 ? exchange.start(next()) : exchange.start(std::nullopt));
    while (!rest.empty()) check(exchange.step(next()));
    return 0;
}
