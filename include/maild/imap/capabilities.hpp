#pragma once
// What IMAP offers behind the login (RFC 9051 §6.1.1), by name: the list itself, and what may be
// left out of it for an account whose program cannot cope with something. Leaving out is all: what
// is hidden still works for whoever asks for it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::imap {

// Without ASCII case, as the server spells it; nothing for what it does not have, and for
// IMAP4rev1, which no list may lack (RFC 3501 §7.2.1). A name with a limit behind it has none here:
// APPENDLIMIT.
std::optional<std::string_view> find_capability(std::string_view name);
// All that find_capability() finds, in the order of the list.
std::vector<std::string_view> hideable_capabilities();

} // namespace maild::imap
