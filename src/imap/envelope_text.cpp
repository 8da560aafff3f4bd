#include "imap/envelope_text.hpp"

#include "imap/respond.hpp"

namespace maild::imap {

namespace {

using Text = std::optional<std::string>;

// address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"
void append_address(std::string& out, const mail::EnvelopeAddress& address, TextForm form) {
    out += '(';
    append_header_text(out, address.name, form);
    out += ' ';
    append_header_text(out, address.adl, form);
    out += ' ';
    append_header_text(out, address.mailbox, form);
    out += ' ';
    append_header_text(out, address.host ? Text(to_domain(*address.host, form)) : Text(), form);
    out += ')';
}

void append_addresses(std::string& out, const std::vector<mail::EnvelopeAddress>& addresses,
                      TextForm form) {
    out += ' ';
    if (addresses.empty()) {
        out += "NIL";
        return;
    }
    out += '(';
    for (const auto& address : addresses) append_address(out, address, form);
    out += ')';
}

} // namespace

void append_header_text(std::string& out, const std::optional<std::string>& text, TextForm form) {
    if (!text)
        out += "NIL";
    else if (form == TextForm::utf8)
        append_quoted(out, to_text(*text, form)); // no CR and LF are in it
    else
        append_string(out, to_ascii_text(*text));
}

void append_envelope(std::string& out, const mail::Envelope& envelope, TextForm form) {
    out += '(';
    append_header_text(out, envelope.date, form);
    out += ' ';
    append_header_text(out, envelope.subject, form);
    for (const auto* addresses : {&envelope.from, &envelope.sender, &envelope.reply_to,
                                  &envelope.to, &envelope.cc, &envelope.bcc})
        append_addresses(out, *addresses, form);
    out += ' ';
    append_header_text(out, envelope.in_reply_to, form);
    out += ' ';
    append_header_text(out, envelope.message_id, form);
    out += ')';
}

bool may_say_more(std::string_view kept) {
    return kept.contains("=?utf-8?B?") || kept.contains("xn--");
}

std::string utf8_envelope(std::string_view header) {
    std::string out;
    append_envelope(out, mail::parse_message(header).envelope, TextForm::utf8);
    return out;
}

} // namespace maild::imap
