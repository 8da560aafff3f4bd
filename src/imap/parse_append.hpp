#pragma once
// APPEND (RFC 9051 §6.3.12). Apart from the other parsers, because the fragmenter has to know its
// message literal, the only one that may be large.

#include "imap/command.hpp"
#include "imap/syntax.hpp"

#include <string_view>

namespace maild::imap {

Parsed<Arguments> parse_append(Cursor& in);

// `before` is a command up to the "{" of a literal: is that literal APPEND's message?
bool expects_message(std::string_view before);

} // namespace maild::imap
