#pragma once
// Mailbox names between the wire and the store: modified UTF-7 (RFC 3501 §5.1.3), exactly one
// spelling for each name, and the rules of store::MailboxName.

#include "maild/base/error.hpp"
#include "maild/store/types.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace maild::imap {

// Modified UTF-7 to UTF-8. None for 8-bit or control octets, a shift that does not end or is
// superfluous, printable US-ASCII inside a shift, bits left over, lone surrogates: what the encoder
// would not have written.
std::optional<std::string> decode_utf7(std::string_view text);
std::string encode_utf7(std::string_view utf8);

// Why no mailbox can have a name, in words for the client (a literal of ours).
struct NameFault {
    std::string_view why;
};

// The name as a client sent it, in store's form: UTF-8 in NFC, INBOX in capitals. One trailing
// delimiter is dropped (RFC 9051 §6.3.4: it announces children).
Result<store::MailboxName, NameFault> to_mailbox_name(std::string_view sent);

} // namespace maild::imap
