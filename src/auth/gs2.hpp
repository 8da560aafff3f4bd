#pragma once
// What mechanisms of the GS2 family begin with (RFC 5801 §4): SCRAM and OAUTHBEARER.

#include "maild/base/cursor.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace maild::auth {

struct Gs2Header {
    char flag = 'n';          // of gs2-cb-flag: p, n or y
    std::string binding_name; // with p
    std::string authzid;      // decoded, empty without
};

// saslname: "," and "=" stand as =2C and =3D; nothing else may follow a "=".
std::optional<std::string> decode_saslname(std::string_view text);
// gs2-header = gs2-cb-flag "," [ gs2-authzid ] ","; gs2-nonstd-flag is none of ours.
Result<Gs2Header, SyntaxError> parse_gs2_header(Cursor& in);

} // namespace maild::auth
