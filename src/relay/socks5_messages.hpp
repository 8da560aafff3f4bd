#pragma once
// The messages of RFC 1928 and RFC 1929 as values.

#include "maild/relay/socks5.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace maild::relay {

std::string format_socks_greeting(bool has_user); // methods: none, and by name
Result<std::string> format_socks_user(const SocksUser& user);
Result<std::string> format_socks_connect(const SocksTarget& target, std::uint16_t port);

// How long the proxy's answer to CONNECT is, as far as these octets tell: at least so many. An
// error for what is none.
Result<std::size_t> socks_reply_size(std::string_view octets);
// Of a whole one: good, or what the proxy says went wrong.
Result<void> check_socks_reply(std::string_view octets);

} // namespace maild::relay
