#pragma once
// URLs of the configuration (RFC 3986, RFC 9110 §4.2), in the parts that a request needs.

#include "maild/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace maild::oauth {

struct Url {
    bool is_https = true;
    std::string host; // a name in lower case, or an address in digits without brackets
    std::uint16_t port = 443;
    std::string target = "/"; // path and query, as they stand in the request line

    std::string authority() const; // for the Host field: with brackets and a port that is not usual
    std::string text() const;
};

// "https://" or "http://", a host in ASCII, a port perhaps, path and query. No user, no fragment.
// The error is a sentence's end for the admin: "has no host".
Result<Url> parse_url(std::string_view text);

// "localhost", or an address of this host itself.
bool is_loopback(const Url& url);

} // namespace maild::oauth
