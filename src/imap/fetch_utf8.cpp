// Messages with header fields in UTF-8 (RFC 6532): as they are for clients that have enabled it,
// and a surrogate in US-ASCII for all others (RFC 9755 §7, RFC 6857).
#include "imap/envelope_text.hpp"
#include "imap/fetch_writer.hpp"
#include "imap/respond.hpp"

#include "maild/mail/downgrade.hpp"
#include "maild/mail/header.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

bool is_whole_message(const Section& section) {
    return section.part.empty() && section.text == SectionText::whole;
}

// The bodies of parts stay as they are, whatever they hold.
bool has_header(const Section& section) {
    return section.text != SectionText::text &&
           (section.text != SectionText::whole || section.part.empty());
}

} // namespace

net::Task<void> FetchWriter::write_utf8_envelope(const store::MessageData& message) {
    const auto header = co_await read_header({0, message.header_size}, message);
    const bool says_more = header && mail::has_utf8_line(*header);
    name("ENVELOPE ");
    out_.text += says_more ? utf8_envelope(*header) : message.structure.envelope;
}

// The header of what is asked for, unless this client can be given it as it is. Most are decided
// here, without waiting for anything. One longer than a parser of headers reads stays as it is.
std::optional<Slice> FetchWriter::doubtful_header(const Section& section, Slice located,
                                                  const store::MessageData& message) const {
    if (view_.is_utf8() || !has_header(section)) return std::nullopt;
    if (is_whole_message(section)) located.end = message.header_size;
    if (located.size() > mail::kMaxHeaderSection) return std::nullopt;
    if (located.end > message.content.size()) return located;
    const auto octets = std::string_view(message.content).substr(located.begin, located.size());
    return mail::has_utf8_line(octets) ? std::optional(located) : std::nullopt;
}

// What stands in the place of a header that this client cannot be given.
net::Task<std::optional<std::string>> FetchWriter::surrogate_of(Slice doubtful,
                                                                const store::MessageData& message) {
    const auto header = co_await read_header(doubtful, message);
    if (!header || !mail::has_utf8_line(*header)) co_return std::nullopt;
    co_return mail::downgrade_header(*header);
}

// `header`, and behind it the body where it was asked for; `<offset.length>` counts in both.
net::Task<Written> FetchWriter::write_surrogate(const Section& section, const std::string& header,
                                                const store::MessageData& message) {
    const auto text = picks_fields(section) ? pick_fields(header, section) : header;
    Slice body{message.header_size, is_whole_message(section) ? message.size : message.header_size};
    const auto wanted = cut({0, text.size() + body.size()}, section.partial);
    name(section.label);
    append_number(out_.text += " {", wanted.size());
    out_.text += "}\r\n";
    out_.text += overlap(text, 0, wanted);
    body.end = body.begin + (std::max(wanted.end, text.size()) - text.size());
    body.begin += std::max(wanted.begin, text.size()) - text.size();
    if (body.begin >= body.end) co_return Written::complete;
    if (body.end > message.content.size()) {
        const auto written = co_await write_octets(body, message.uid);
        co_return written;
    }
    out_.text += std::string_view(message.content).substr(body.begin, body.size());
    co_return Written::complete;
}

} // namespace maild::imap
