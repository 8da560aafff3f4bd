#include "imap/nul_content.hpp"

#include "maild/base/encoding.hpp"
#include "maild/mail/header.hpp"
#include "maild/mail/mime.hpp"

#include <algorithm>
#include <vector>

namespace maild::imap {

namespace {

using Leaves = std::vector<const mail::Part*>;

// In the order of the content. Recursion no deeper than mail::kMaxMimeDepth.
void collect_leaves(const mail::Part& part, Leaves& leaves) {
    if (part.kind == mail::PartKind::leaf) leaves.push_back(&part);
    for (const auto& child : part.children) collect_leaves(child, leaves);
}

bool needs_encoding(const mail::Part& part, std::string_view content) {
    using enum mail::TransferEncoding;
    const bool is_plain =
        part.encoding == seven_bit || part.encoding == eight_bit || part.encoding == binary;
    const auto body = content.substr(part.body_begin, part.body_end - part.body_begin);
    return is_plain && body.contains('\0');
}

// The same fields, but for the encoding; `is_root`: a message's, which needs MIME-Version (RFC 2045
// §4).
std::string header_for_base64(std::string_view header, bool is_root) {
    const auto section = mail::parse_header(header);
    std::string out;
    std::size_t copied = 0;
    for (const auto& field : section.fields) {
        if (!field.is("Content-Transfer-Encoding")) continue;
        out += header.substr(copied, field.begin - copied);
        copied = field.end;
    }
    out += header.substr(copied, section.fields_end - copied);
    if (is_root && section.find("MIME-Version") == nullptr) out += "MIME-Version: 1.0\r\n";
    out += "Content-Transfer-Encoding: base64\r\n";
    out += header.substr(section.fields_end);
    return out;
}

// RFC 2045 §6.8: lines of 76 characters. The last line end of a part within others is that of the
// boundary.
void append_base64(std::string& out, std::string_view body, bool ends_line) {
    constexpr std::size_t kOctetsInLine = 57;
    for (std::size_t begin = 0; begin < body.size(); begin += kOctetsInLine) {
        if (begin > 0) out += "\r\n";
        out += base64_encode(body.substr(begin, kOctetsInLine));
    }
    if (ends_line) out += "\r\n";
}

std::string encoded(std::string_view content, const mail::Part& root, const Leaves& leaves) {
    std::string out;
    out.reserve(content.size() / 2 * 3);
    std::size_t copied = 0;
    for (const auto* part : leaves) {
        if (!needs_encoding(*part, content)) continue;
        out += content.substr(copied, part->header_begin - copied);
        out += header_for_base64(
            content.substr(part->header_begin, part->body_begin - part->header_begin),
            part == &root);
        append_base64(out, content.substr(part->body_begin, part->body_end - part->body_begin),
                      part->body_end == content.size());
        copied = part->body_end;
    }
    out += content.substr(copied);
    return out;
}

} // namespace

std::optional<std::string> without_nul(std::string_view content) {
    const auto message = mail::parse_message(content);
    Leaves leaves;
    collect_leaves(message.root, leaves);
    auto out = encoded(content, message.root, leaves);
    if (out.contains('\0')) return std::nullopt;
    // A header at the limits of what is read, or one that is no header, may not say what was put
    // into it.
    const auto changed = mail::parse_message(out);
    Leaves changed_leaves;
    collect_leaves(changed.root, changed_leaves);
    const bool is_same = std::ranges::equal(
        leaves, changed_leaves, [&](const mail::Part* before, const mail::Part* after) {
            return !needs_encoding(*before, content) ||
                   after->encoding == mail::TransferEncoding::base64;
        });
    return is_same ? std::optional(std::move(out)) : std::nullopt;
}

} // namespace maild::imap
