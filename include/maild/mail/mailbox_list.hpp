#pragma once
// The mailboxes of a From or Sender field as RFC 5322 §3.4 writes them, and nothing else, for
// whoever has to answer for them: what address_list.hpp reads leniently, another program may read
// differently, and show an author whom nobody has checked. So there are no groups (RFC 6854), which
// name no one, no routes, and neither white space nor comments inside of an address (§4.4).
// Display names are free, and may hold raw octets above 0x7f. Pure, total, linear.

#include "maild/mail/address.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace maild::mail {

inline constexpr std::size_t kMaxMailboxes = 50; // in one list; more is an error

// `body` as in HeaderField, folds included. The error's offset is that of the unfolded body.
Result<std::vector<Address>, SyntaxError> parse_mailbox_list(std::string_view body);

} // namespace maild::mail
