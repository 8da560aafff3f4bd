#pragma once
// Access tokens for tests' doubles of `auth`: "of-ada~example.org" is that of ada@example.org.

#include "maild/auth/identity.hpp"

#include <algorithm>
#include <optional>
#include <string>

namespace maild::test {

inline std::optional<std::string> bearer_of(const auth::BearerLogin& login) {
    if (!login.token.starts_with("of-")) return std::nullopt;
    auto name = login.token.substr(3);
    std::ranges::replace(name, '~', '@');
    if (!login.authzid.empty() && login.authzid != name) return std::nullopt;
    return name;
}

} // namespace maild::test
