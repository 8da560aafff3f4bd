#pragma once
// MAIL and RCPT as a certain server can be told them: what it does not offer is left out, or makes
// the message impossible there. Pure.

#include "maild/mail/address.hpp"
#include "maild/relay/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maild::relay {

// Why this message cannot go to this server at all; none: it can.
std::optional<Outcome> find_obstacle(const Envelope& envelope, std::uint64_t size,
                                     const Capabilities& offered, bool is_encrypted);
// Why this recipient cannot.
std::optional<Outcome> find_obstacle(const Recipient& recipient, const Capabilities& offered);

// Without CRLF. `envelope` has no obstacle.
std::string format_mail(const Envelope& envelope, std::uint64_t size, const Capabilities& offered);
std::string format_rcpt(const Recipient& recipient, const Capabilities& offered);

std::string encode_xtext(std::string_view text); // RFC 3461 §4
// "utf-8;…" as utf-8-addr-xtext, or with SMTPUTF8 as utf-8-addr-unitext (RFC 6533 §3).
std::string encode_original_recipient(std::string_view text, bool is_smtputf8);

} // namespace maild::relay
