#include "imap/section.hpp"

#include "maild/base/ascii.hpp"
#include "maild/mail/header.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

Slice header_slice(const mail::IndexedPart& part, const store::MessageData& message, bool is_root) {
    // The trace fields stand before the root's own header.
    if (is_root) return {0, message.header_size};
    return {part.header_begin + message.prefix_size, part.body_begin + message.prefix_size};
}

Slice body_slice(const mail::IndexedPart& part, const store::MessageData& message, bool is_root) {
    if (is_root) return {message.header_size, message.size};
    return {part.body_begin + message.prefix_size, part.body_end + message.prefix_size};
}

std::optional<Slice> locate_in_part(const Section& section, const store::MessageData& message,
                                    const mail::PartIndex& parts) {
    const bool of_message = section.text != SectionText::whole && section.text != SectionText::mime;
    const auto* part = of_message ? parts.message_at(section.part) : parts.find(section.part);
    if (part == nullptr) return std::nullopt;
    const bool is_root = part == &parts.root();
    const bool is_body = section.text == SectionText::whole || section.text == SectionText::text;
    return is_body ? body_slice(*part, message, is_root) : header_slice(*part, message, is_root);
}

} // namespace

bool picks_fields(const Section& section) {
    return section.text == SectionText::header_fields ||
           section.text == SectionText::header_fields_not;
}

bool needs_parts(const Section& section) { return !section.part.empty(); }

bool needs_only_header(const Section& section) {
    return section.part.empty() && (section.text == SectionText::header || picks_fields(section));
}

std::optional<Slice> locate(const Section& section, const store::MessageData& message,
                            const mail::PartIndex* parts) {
    std::optional<Slice> slice;
    if (needs_parts(section)) {
        if (parts != nullptr) slice = locate_in_part(section, message, *parts);
    } else if (section.text == SectionText::whole) {
        slice = Slice{0, message.size};
    } else if (section.text == SectionText::text) {
        slice = Slice{message.header_size, message.size};
    } else {
        slice = Slice{0, message.header_size};
    }
    if (!slice) return std::nullopt;
    // Offsets have crossed process boundaries: they never reach outside of the message.
    slice->end = std::min(slice->end, message.size);
    slice->begin = std::min(slice->begin, slice->end);
    return slice;
}

Slice cut(Slice slice, const std::optional<Partial>& partial) {
    if (!partial) return slice;
    slice.begin += std::min(partial->offset, slice.size());
    slice.end = slice.begin + std::min(partial->length, slice.size());
    return slice;
}

std::string pick_fields(std::string_view header, const Section& section) {
    const bool wanted = section.text == SectionText::header_fields;
    std::string out;
    for (const auto& field : mail::parse_header(header).fields) {
        const auto named = [&](const std::string& name) { return field.is(name); };
        if (std::ranges::any_of(section.names, named) == wanted)
            out += header.substr(field.begin, field.end - field.begin);
    }
    // The last field of a message without an empty line may have no line end of its own.
    if (!out.empty() && !out.ends_with('\n')) out += "\r\n";
    return out + "\r\n";
}

} // namespace maild::imap
