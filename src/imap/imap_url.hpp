#pragma once
// IMAP URLs of messages and their parts (RFC 5092), those without scheme and server: what CATENATE
// names (RFC 4469 §3). Pure, total, linear.

#include "imap/fetch_items.hpp"

#include "maild/base/ids.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace maild::imap {

struct MessageUrl {
    std::optional<std::string> mailbox; // UTF-8 as it was sent; none: the one that is selected
    std::optional<UidValidity> uid_validity;
    Uid uid;
    Section section; // with `partial`
};

// "/" enc-mailbox [";UIDVALIDITY=" nz-number] "/" iuid ["/" isection] ["/" ipartial], or from iuid
// on. None for all else, URLs of other servers among them.
std::optional<MessageUrl> parse_message_url(std::string_view url);

} // namespace maild::imap
