#include "maild/mail/downgrade.hpp"

#include "mail/field_writer.hpp"
#include "mail/lexer.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"
#include "maild/base/utf8.hpp"
#include "maild/mail/address_list.hpp"
#include "maild/mail/header.hpp"
#include "maild/mail/mime.hpp"
#include "maild/mail/text.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

namespace maild::mail {
namespace {

// RFC 5322 §3.6.2, §3.6.3, §3.6.6
constexpr std::array<std::string_view, 12> kAddressFields = {
    "From",        "Sender",        "Reply-To",  "To",        "Cc",         "Bcc",
    "Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Bcc", "Resent-Reply-To"};
constexpr std::array<std::string_view, 2> kParameterFields = {"Content-Type",
                                                              "Content-Disposition"};
// An encoded-word has no place in them (RFC 2047 §5), and without what it would hold they are
// wrong.
constexpr std::array<std::string_view, 21> kLeftOut = {"ARC-Authentication-Results",
                                                       "ARC-Message-Signature",
                                                       "ARC-Seal",
                                                       "Authentication-Results",
                                                       "Content-ID",
                                                       "Content-Language",
                                                       "Content-Location",
                                                       "Content-Transfer-Encoding",
                                                       "Date",
                                                       "DKIM-Signature",
                                                       "Delivered-To",
                                                       "In-Reply-To",
                                                       "List-Id",
                                                       "List-Post",
                                                       "List-Unsubscribe",
                                                       "MIME-Version",
                                                       "Message-ID",
                                                       "Received",
                                                       "References",
                                                       "Resent-Message-ID",
                                                       "Return-Path"};

constexpr std::size_t kMaxName = 64; // octets of a parameter's

bool is_ascii(std::string_view text) { return std::ranges::none_of(text, ascii::is_8bit); }

bool is_one_of(const HeaderField& field, const auto& names) {
    return std::ranges::any_of(names, [&](std::string_view name) { return field.is(name); });
}

bool is_atom(std::string_view word) { // RFC 5322 §3.2.3
    return !word.empty() && std::ranges::all_of(word, is_atext);
}

// What no quoted-string can hold is left out.
std::string quoted(std::string_view text) {
    std::string printable(text);
    std::erase_if(printable, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
    return quoted_string(printable);
}

// Calls it for each word between white space.
void for_each_word(std::string_view text, auto use) {
    for (;;) {
        const auto begin = std::ranges::find_if_not(text, ascii::is_space);
        text.remove_prefix(static_cast<std::size_t>(begin - text.begin()));
        if (text.empty()) return;
        const auto end = std::ranges::find_if(text, ascii::is_space);
        use(text.substr(0, static_cast<std::size_t>(end - text.begin())));
        text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
    }
}

// Neighbours are encoded together, because the white space between two encoded-words is not text
// (RFC 2047 §6.2). What looks like an encoded-word and is none has to be made one.
void write_text(FieldWriter& out, std::string_view body) {
    const auto text = decoded_header_text(body);
    std::string together;
    for_each_word(text, [&](std::string_view word) {
        if (is_ascii(word) && !word.contains("=?")) {
            out.encoded(together);
            together.clear();
            out.word(word);
            return;
        }
        if (!together.empty()) together += ' ';
        together += word;
    });
    out.encoded(together);
}

void write_phrase(FieldWriter& out, std::string_view phrase) {
    if (!is_ascii(phrase)) return out.encoded(decoded_header_text(phrase));
    bool is_plain = true;
    for_each_word(phrase, [&](std::string_view word) { is_plain = is_plain && is_atom(word); });
    if (!is_plain) return out.word(quoted(phrase));
    for_each_word(phrase, [&](std::string_view word) { out.word(word); });
}

// None: the localpart is not ASCII, or the domain no domain.
std::optional<std::string> ascii_address(const NamedAddress& mailbox) {
    if (!is_ascii(mailbox.localpart)) return std::nullopt;
    auto address = format_localpart(mailbox.localpart);
    if (mailbox.domain.empty()) return address;
    if (is_ascii(mailbox.domain)) return address + "@" + mailbox.domain;
    const auto domain = Domain::parse(mailbox.domain);
    if (!domain) return std::nullopt;
    return address + "@" + domain->ascii();
}

void write_mailbox(FieldWriter& out, const NamedAddress& mailbox, const std::string& address) {
    if (mailbox.name.empty()) return out.word(address);
    write_phrase(out, mailbox.name);
    out.word("<" + address + ">");
}

// A group cannot hold another one: members without an address in ASCII are left out.
void write_group(FieldWriter& out, const AddressGroup& group) {
    write_phrase(out, group.name.empty() ? "undisclosed" : group.name);
    out.behind(":");
    bool is_first = true;
    for (const auto& member : group.members) {
        const auto address = ascii_address(member);
        if (!address) continue;
        if (!is_first) out.behind(",");
        is_first = false;
        write_mailbox(out, member, *address);
    }
    out.behind(";");
}

void write_item(FieldWriter& out, const AddressListItem& item) {
    if (const auto* group = std::get_if<AddressGroup>(&item)) return write_group(out, *group);
    const auto& mailbox = std::get<NamedAddress>(item);
    if (const auto address = ascii_address(mailbox)) return write_mailbox(out, mailbox, *address);
    auto text = decoded_header_text(mailbox.name);
    if (!text.empty()) text += ' ';
    out.encoded(text + decoded_header_text(mailbox.localpart + "@" + mailbox.domain));
    out.word(":;");
}

void write_addresses(FieldWriter& out, std::string_view body) {
    bool is_first = true;
    for (const auto& item : parse_address_list(body)) {
        if (!is_first) out.behind(",");
        is_first = false;
        write_item(out, item);
    }
}

// RFC 2231 §3, §4: "name*=UTF-8''…", in segments where it is long.
void write_encoded_parameter(FieldWriter& out, const std::string& name, std::string_view value) {
    constexpr std::size_t kSegment = 15; // octets, each at most three long
    const bool is_short = value.size() <= kSegment;
    for (std::size_t segment = 0; !value.empty(); ++segment) {
        std::string text = name + "*";
        if (!is_short) text += std::to_string(segment) + "*";
        text += segment == 0 ? "=UTF-8''" : "=";
        text += percent_encode(value.substr(0, kSegment), ".-_");
        value.remove_prefix(std::min(kSegment, value.size()));
        out.behind(";");
        out.word(text);
    }
}

void write_parameters(FieldWriter& out, const ParameterizedField& field) {
    out.word(field.value);
    for (const auto& [name, value] : decode_parameters(field.parameters)) {
        if (!is_ascii(name) || name.size() > kMaxName) continue; // each segment repeats it
        if (!is_ascii(value)) {
            write_encoded_parameter(out, name, value);
            continue;
        }
        out.behind(";");
        out.word(name + "=" + quoted(value));
    }
}

void append_field(std::string& out, const HeaderField& field) {
    if (is_one_of(field, kLeftOut)) return;
    if (is_one_of(field, kParameterFields)) {
        const auto parsed = parse_parameterized(field.body);
        if (!is_ascii(parsed.value)) return;
        FieldWriter writer(out, field.name);
        write_parameters(writer, parsed);
        return writer.end();
    }
    FieldWriter writer(out, field.name);
    if (is_one_of(field, kAddressFields))
        write_addresses(writer, field.body);
    else
        write_text(writer, field.body);
    writer.end();
}

// What is no field.
void append_ascii(std::string& out, std::string_view octets) {
    std::ranges::transform(octets, std::back_inserter(out),
                           [](char c) { return ascii::is_8bit(c) ? '?' : c; });
}

} // namespace

bool has_utf8_line(std::string_view header) {
    while (!header.empty()) {
        const auto line = header.substr(0, header.find('\n'));
        if (!is_ascii(line) && is_utf8(line)) return true;
        header.remove_prefix(std::min(line.size() + 1, header.size()));
    }
    return false;
}

std::string downgrade_header(std::string_view header) {
    std::string out;
    out.reserve(header.size());
    std::size_t at = 0;
    for (const auto& field : parse_header(header).fields) {
        append_ascii(out, header.substr(at, field.begin - at));
        const auto whole = header.substr(field.begin, field.end - field.begin);
        if (is_ascii(whole))
            out += whole;
        else
            append_field(out, field);
        at = field.end;
    }
    append_ascii(out, header.substr(at));
    return out;
}

} // namespace maild::mail
