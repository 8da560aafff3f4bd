#include "relay/mime_walker.hpp"

#include "maild/base/ascii.hpp"
#include "maild/mail/mime.hpp"

#include <algorithm>
#include <utility>

namespace maild::relay {
namespace {

std::string_view line_end_of(std::string_view line) {
    if (line.ends_with("\r\n")) return line.substr(line.size() - 2);
    return line.ends_with('\n') ? line.substr(line.size() - 1) : std::string_view();
}

// RFC 2046 §5.1.1: "--" boundary, "--" behind the last part, white space
bool is_boundary(std::string_view text, std::string_view boundary) {
    text.remove_prefix(2);
    if (!text.starts_with(boundary)) return false;
    text = ascii::trim(text.substr(boundary.size()));
    return text.empty() || text == "--";
}

std::string_view body_of(const mail::HeaderSection& section, std::string_view name) {
    const auto* field = section.find(name);
    return field == nullptr ? std::string_view() : field->body;
}

} // namespace

void MimeWalker::put(std::string_view piece) {
    while (!piece.empty() && fault_.empty()) {
        const auto feed = piece.find('\n');
        const auto room = kMaxLine - line_.size();
        const auto count = std::min(feed == piece.npos ? piece.size() : feed + 1, room);
        line_ += piece.substr(0, count);
        piece.remove_prefix(count);
        if (!line_.ends_with('\n') && line_.size() < kMaxLine) continue;
        const auto line = std::exchange(line_, {});
        take_line(line);
    }
}

void MimeWalker::finish() {
    if (!line_.empty()) {
        const auto line = std::exchange(line_, {});
        take_line(line);
    }
    if (is_in_header_) end_header();
    if (fault_.empty()) on_end();
}

void MimeWalker::take_line(std::string_view line) {
    const auto end = line_end_of(line);
    const auto text = line.substr(0, line.size() - end.size());
    const bool is_begun = std::exchange(is_line_begun_, end.empty());
    if (!is_begun && text.starts_with("--") && take_boundary(text)) {
        on_boundary(line);
        return;
    }
    if (!is_in_header_) return on_text(text, end, entity_);
    header_ += line;
    if (header_.size() > kMaxHeader)
        return set_fault("a header section of the message is too large");
    if (text.empty() && !is_begun) end_header();
}

// The outermost that fits ends all those inside of it.
bool MimeWalker::take_boundary(std::string_view text) {
    const auto found = std::ranges::find_if(
        boundaries_, [text](const std::string& known) { return is_boundary(text, known); });
    if (found == boundaries_.end()) return false;
    const bool is_last = ascii::trim(text.substr(2 + found->size())) == "--";
    const auto kept = static_cast<std::size_t>(found - boundaries_.begin()) + (is_last ? 0 : 1);
    if (is_in_header_) end_header(); // which may add a boundary of its own
    boundaries_.resize(kept);
    if (is_last)
        entity_ = {.is_leaf = false}; // what follows is no part
    else
        begin_entity(false);
    is_in_header_ = !is_last;
    return true;
}

void MimeWalker::begin_entity(bool is_root) {
    header_.clear();
    entity_ = {.is_root = is_root, .number = ++entities_};
    is_in_header_ = true;
    if (entities_ >= mail::kMaxMimeParts) set_fault("the message has too many parts");
}

void MimeWalker::end_header() {
    const auto section = mail::parse_header(header_);
    const auto type = mail::parse_parameterized(body_of(section, "Content-Type"));
    const auto encoding =
        mail::parse_parameterized(body_of(section, "Content-Transfer-Encoding")).value;
    entity_.is_labelled = encoding == "8bit" || encoding == "binary";
    entity_.is_identity = entity_.is_labelled || encoding.empty() || encoding == "7bit";
    entity_.is_text = type.value.empty() || type.value.starts_with("text/");
    const auto* boundary = mail::find_parameter(type.parameters, "boundary");
    const bool is_multipart = type.value.starts_with("multipart/") && entity_.is_identity &&
                              boundary != nullptr && !boundary->empty() &&
                              boundary->size() <= mail::kMaxBoundary;
    const bool is_message =
        (type.value == "message/rfc822" || type.value == "message/global") && entity_.is_identity;
    entity_.is_leaf = !is_multipart && !is_message;
    is_in_header_ = false;
    on_header(header_, entity_);
    header_.clear();
    if (is_multipart) {
        boundaries_.push_back(*boundary);
        if (boundaries_.size() > mail::kMaxMimeDepth) set_fault("the message is nested too deeply");
    }
    if (is_message) begin_entity(true);
}

} // namespace maild::relay
