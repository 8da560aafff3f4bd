#include "relay/commands.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <utility>

namespace maild::relay {
namespace {

bool has_8bit(std::string_view text) { return std::ranges::any_of(text, ascii::is_8bit); }

Outcome impossible(std::string_view status, std::string words, Scope scope = Scope::message) {
    return verdict(status, std::move(words), Stage::mail, scope);
}

bool is_address(std::string_view text) {
    return mail::parse_address(text, mail::Utf8::allowed).has_value();
}

bool needs_smtputf8(const Envelope& envelope) {
    return envelope.is_smtputf8 || has_8bit(envelope.reverse_path) ||
           std::ranges::any_of(envelope.recipients,
                               [](const Recipient& r) { return has_8bit(r.address); });
}

// RFC 2852 §4.1.4.1: what must come back in time may not go where nobody looks at the time.
bool is_late_for(const DeliverBy& by, const Capabilities& offered) {
    return by.returns && (!offered.deliver_by || *offered.deliver_by > by.left);
}

std::string format_by(const DeliverBy& by) {
    return std::to_string(by.left.count()) + (by.returns ? ";R" : ";N") + (by.traces ? "T" : "");
}

char hex_digit(unsigned value) { return "0123456789ABCDEF"[value & 15U]; }

// The octets of the character at the front; the text is UTF-8 (checked when it came in), and is
// taken octet by octet where it is not.
std::size_t length_of(std::string_view text) {
    const auto first = static_cast<unsigned char>(text.front());
    const std::size_t length = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    return std::min(length, text.size());
}

std::uint32_t point_of(std::string_view character) {
    const auto first = static_cast<unsigned char>(character.front());
    constexpr unsigned kMasks[] = {0, 0xff, 0x1f, 0x0f, 0x07};
    std::uint32_t point = first & kMasks[character.size()];
    for (const char c : character.substr(1))
        point = point << 6U | (static_cast<unsigned>(c) & 0x3fU);
    return point;
}

void append_embedded(std::string& out, std::uint32_t point) {
    std::string digits;
    for (; point > 0; point >>= 4U) digits.insert(digits.begin(), hex_digit(point));
    out += "\\x{" + digits + "}";
}

} // namespace

std::optional<Outcome> find_obstacle(const Envelope& envelope, std::uint64_t size,
                                     const Capabilities& offered, bool is_encrypted) {
    const auto& from = envelope.reverse_path;
    if (!from.empty() && !is_address(from))
        return impossible("5.1.7", "the sender's address is none");
    if (has_8bit(from) && !offered.smtputf8)
        return impossible("5.6.7", "the sender's address is internationalized, and the server "
                                   "does not offer SMTPUTF8");
    if (offered.most_octets && size > *offered.most_octets)
        return impossible("5.3.4", "the message has " + std::to_string(size) +
                                       " octets, and the server takes " +
                                       std::to_string(*offered.most_octets));
    if (envelope.deliver_by && is_late_for(*envelope.deliver_by, offered))
        return impossible("5.3.3", "the server cannot promise delivery in time (DELIVERBY)");
    // RFC 8689 §4.2.1; a bounce is not bounced for it, §4.4.
    if (envelope.requires_tls && !from.empty()) {
        if (!is_encrypted)
            return impossible("5.7.10", "the sender requires TLS, and there is none", Scope::host);
        if (!offered.requiretls)
            return impossible("5.7.30",
                              "the sender requires TLS all the way, and the server does "
                              "not offer REQUIRETLS",
                              Scope::host);
    }
    return std::nullopt;
}

std::optional<Outcome> find_obstacle(const Recipient& recipient, const Capabilities& offered) {
    if (!is_address(recipient.address))
        return verdict("5.1.3", "the recipient's address is none", Stage::rcpt, Scope::recipient);
    if (has_8bit(recipient.address) && !offered.smtputf8)
        return verdict("5.6.7",
                       "the recipient's address is internationalized, and the server does not "
                       "offer SMTPUTF8",
                       Stage::rcpt, Scope::recipient);
    return std::nullopt;
}

std::string format_mail(const Envelope& envelope, std::uint64_t size, const Capabilities& offered) {
    std::string out = "MAIL FROM:<" + envelope.reverse_path + ">";
    const bool is_smtputf8 = offered.smtputf8 && needs_smtputf8(envelope);
    if (offered.size) out += " SIZE=" + std::to_string(size); // RFC 1870 §6.1
    if (offered.eight_bit_mime && (envelope.is_8bit || is_smtputf8)) out += " BODY=8BITMIME";
    if (is_smtputf8) out += " SMTPUTF8";
    if (offered.dsn && !envelope.return_content.empty()) out += " RET=" + envelope.return_content;
    if (offered.dsn && !envelope.envelope_id.empty())
        out += " ENVID=" + encode_xtext(envelope.envelope_id);
    if (offered.requiretls && envelope.requires_tls) out += " REQUIRETLS";
    if (offered.deliver_by && envelope.deliver_by) out += " BY=" + format_by(*envelope.deliver_by);
    if (offered.mt_priority && envelope.priority != 0)
        out += " MT-PRIORITY=" + std::to_string(envelope.priority);
    return out;
}

std::string format_rcpt(const Recipient& recipient, const Capabilities& offered) {
    std::string out = "RCPT TO:<" + recipient.address + ">";
    if (!offered.dsn) return out;
    if (!recipient.notify.empty()) out += " NOTIFY=" + recipient.notify;
    if (!recipient.original_recipient.empty())
        out +=
            " ORCPT=" + encode_original_recipient(recipient.original_recipient, offered.smtputf8);
    return out;
}

std::string encode_xtext(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c >= '!' && c <= '~' && c != '+' && c != '=') {
            out += c;
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        out += {'+', hex_digit(octet >> 4U), hex_digit(octet)};
    }
    return out;
}

std::string encode_original_recipient(std::string_view text, bool is_smtputf8) {
    const auto semicolon = text.find(';');
    if (semicolon == text.npos) return encode_xtext(text);
    auto out = std::string(text.substr(0, semicolon + 1));
    const bool is_utf8_type = ascii::equals_icase(text.substr(0, semicolon), "utf-8");
    text.remove_prefix(semicolon + 1);
    if (!is_utf8_type) return out + encode_xtext(text);
    while (!text.empty()) {
        const auto character = text.substr(0, length_of(text));
        text.remove_prefix(character.size());
        const char c = character.front();
        const bool is_special = c <= ' ' || c == 0x7f || c == '+' || c == '=' || c == '\\';
        if (ascii::is_8bit(c) ? is_smtputf8 : !is_special)
            out += character;
        else
            append_embedded(out, point_of(character));
    }
    return out;
}

} // namespace maild::relay
