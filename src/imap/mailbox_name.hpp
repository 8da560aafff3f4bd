#pragma once
// Mailbox names between the wire and the store: modified UTF-7 (RFC 3501 §5.1.3), exactly one
// spelling for each name, or UTF-8 for who has enabled it (RFC 9051 §5.1, RFC 9755 §3), and the
// rules of store::MailboxName.

#include "maild/base/error.hpp"
#include "maild/store/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maild::imap {

// Modified UTF-7 to UTF-8. None for 8-bit or control octets, a shift that does not end or is
// superfluous, printable US-ASCII inside a shift, bits left over, lone surrogates: what the encoder
// would not have written.
std::optional<std::string> decode_utf7(std::string_view text);
std::string encode_utf7(std::string_view utf8);

// How names are spelled in a session.
enum class NameForm : std::uint8_t { utf7, utf8 };
// None: this is no spelling of any name.
std::optional<std::string> decode_name(std::string_view sent, NameForm form);
std::string encode_name(std::string_view utf8, NameForm form);

// Why no mailbox can have a name, in words for the client (a literal of ours).
struct NameFault {
    std::string_view why;
};

// The name as a client sent it, in store's form: UTF-8 in NFC, INBOX in capitals. One trailing
// delimiter is dropped (RFC 9051 §6.3.4: it announces children).
Result<store::MailboxName, NameFault> to_mailbox_name(std::string_view sent, NameForm form);

} // namespace maild::imap
