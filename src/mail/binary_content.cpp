#include "maild/mail/binary_content.hpp"

#include "maild/base/encoding.hpp"
#include "maild/mail/header.hpp"
#include "maild/mail/mime.hpp"

#include <algorithm>
#include <vector>

namespace maild::mail {
namespace {

constexpr std::size_t kMaxLine = 998; // RFC 5322 §2.1.1, which 8bit has to keep (RFC 2045 §2.8)

using Parts = std::vector<const Part*>;

// In the order of the content. Recursion no deeper than kMaxMimeDepth.
void collect(const Part& part, Parts& parts) {
    parts.push_back(&part);
    for (const auto& child : part.children) collect(child, parts);
}

std::string_view body_of(const Part& part, std::string_view content) {
    return content.substr(part.body_begin, part.body_end - part.body_begin);
}

enum class Change : std::uint8_t { none, base64, label }; // the last: it says 8bit from now on
using Rule = Change (*)(const Part& part, std::string_view content);

bool is_plain_leaf(const Part& part) {
    using enum TransferEncoding;
    return part.kind == PartKind::leaf &&
           (part.encoding == seven_bit || part.encoding == eight_bit || part.encoding == binary);
}

Change hide_nul(const Part& part, std::string_view content) {
    const bool is_hidden = is_plain_leaf(part) && body_of(part, content).contains('\0');
    return is_hidden ? Change::base64 : Change::none;
}

bool is_lines(std::string_view text) {
    for (auto at = text.find_first_of("\r\n"); at != std::string_view::npos;
         at = text.find_first_of("\r\n", at + 2))
        if (text.substr(at, 2) != "\r\n") return false;
    return true;
}

bool has_long_line(std::string_view text) {
    while (text.size() > kMaxLine) {
        const auto end = text.find("\r\n");
        if (std::min(end, text.size()) > kMaxLine) return true;
        text.remove_prefix(end + 2);
    }
    return false;
}

Change hide_binary(const Part& part, std::string_view content) {
    const bool is_binary = part.encoding == TransferEncoding::binary;
    const auto label = is_binary ? Change::label : Change::none;
    if (!is_plain_leaf(part)) return label;
    const auto body = body_of(part, content);
    if (body.contains('\0') || !is_lines(body)) return Change::base64;
    if (!is_binary) return Change::none;
    // A line end that is put behind it would become a part of it.
    const bool is_open =
        part.body_end == content.size() && !body.empty() && !body.ends_with("\r\n");
    return is_open || has_long_line(body) ? Change::base64 : label;
}

// The same fields, but for the encoding; `is_root`: a message's, which needs MIME-Version (RFC 2045
// §4).
std::string header_with(std::string_view header, std::string_view encoding, bool is_root) {
    const auto section = parse_header(header);
    std::string out;
    std::size_t copied = 0;
    for (const auto& field : section.fields) {
        if (!field.is("Content-Transfer-Encoding")) continue;
        out += header.substr(copied, field.begin - copied);
        copied = field.end;
    }
    out += header.substr(copied, section.fields_end - copied);
    if (is_root && section.find("MIME-Version") == nullptr) out += "MIME-Version: 1.0\r\n";
    ((out += "Content-Transfer-Encoding: ") += encoding) += "\r\n";
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

std::string changed(std::string_view content, const Parts& parts, Rule rule) {
    std::string out;
    out.reserve(content.size() / 2 * 3);
    std::size_t copied = 0;
    for (const auto* part : parts) {
        const auto change = rule(*part, content);
        if (change == Change::none) continue;
        const auto header =
            content.substr(part->header_begin, part->body_begin - part->header_begin);
        const bool is_root = part == parts.front();
        out += content.substr(copied, part->header_begin - copied);
        copied = part->body_begin;
        out += header_with(header, change == Change::base64 ? "base64" : "8bit", is_root);
        if (change != Change::base64) continue;
        append_base64(out, body_of(*part, content), part->body_end == content.size());
        copied = part->body_end;
    }
    out += content.substr(copied);
    return out;
}

// A header at the limits of what is read, or one that is no header, may not say what was put into
// it.
bool is_as_said(std::string_view content, const Parts& before, std::string_view out, Rule rule) {
    const auto message = parse_message(out);
    Parts after;
    collect(message.root, after);
    return std::ranges::equal(before, after, [&](const Part* was, const Part* is) {
        const auto change = rule(*was, content);
        return change == Change::none ||
               is->encoding == (change == Change::base64 ? TransferEncoding::base64
                                                         : TransferEncoding::eight_bit);
    });
}

std::optional<std::string> apply(std::string_view content, Rule rule,
                                 bool (*is_good)(std::string_view)) {
    const auto message = parse_message(content);
    Parts parts;
    collect(message.root, parts);
    auto out = changed(content, parts, rule);
    if (!is_good(out) || !is_as_said(content, parts, out, rule)) return std::nullopt;
    return out;
}

bool has_no_nul(std::string_view text) { return !text.contains('\0'); }
bool is_text(std::string_view text) { return has_no_nul(text) && is_lines(text); }

} // namespace

std::optional<std::string> without_nul(std::string_view content) {
    return apply(content, hide_nul, has_no_nul);
}

std::optional<std::string> without_binary(std::string_view content) {
    auto out = apply(content, hide_binary, is_text);
    if (out && !out->empty() && !out->ends_with("\r\n")) *out += "\r\n";
    return out;
}

} // namespace maild::mail
