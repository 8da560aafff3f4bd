#pragma once
// Replies (RFC 1939 §3): a status indicator, a text, and for some what follows it up to the final
// dot.

#include "maild/base/error.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace maild::pop3 {

struct Reply {
    std::string text;                  // whole lines
    std::chrono::milliseconds delay{}; // to wait before it goes out
};

Reply ok(std::string_view text);
Reply err(std::string_view text);
// Response codes by RFC 2449 §8 and RFC 3206 §4.
Reply reply_for(Errc code);

void append_number(std::string& out, std::uint64_t number);

} // namespace maild::pop3
