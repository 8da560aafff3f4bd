#include "maild/mail/searchable.hpp"

#include "maild/base/ascii.hpp"
#include "maild/mail/mime.hpp"

#include <unicode/uchar.h>
#include <unicode/uversion.h>

namespace maild::mail {

namespace {

// A charset converter needs whole characters. Lines have them, except in UTF-16 and UTF-32, whose
// text in mail is rare and short; longer lines than this are cut.
constexpr std::size_t kLongestLine = 1024 * 1024;

} // namespace

std::uint32_t searched_text_version() {
    constexpr std::uint32_t kOurs = 2; // grows with each change of what is below, or of mail/text
    UVersionInfo tables;
    u_getUnicodeVersion(tables);
    UVersionInfo library;
    u_getVersion(library);
    return kOurs << 24U | std::uint32_t{library[0]} << 16U | std::uint32_t{library[1]} << 8U |
           tables[0];
}

TextType text_type(std::string_view header) {
    const auto section = parse_header(header);
    const auto* field = section.find("Content-Type");
    if (field == nullptr) return {};
    const auto type = parse_parameterized(field->body);
    const auto* charset = find_parameter(type.parameters, "charset");
    const bool is_text = type.value.starts_with("text/") || !type.value.contains('/');
    return {is_text, type.value == "text/html",
            charset == nullptr ? "us-ascii" : ascii::to_lower(*charset)};
}

std::string folded_field(const HeaderField& field) {
    return collation_key(std::string(field.name) + ": " + decoded_header_text(field.body));
}

FoldedText::FoldedText(TransferEncoding encoding, std::string charset)
    : decoder_(encoding), charset_(std::move(charset)) {}

std::string FoldedText::update(std::string_view bytes) {
    decoder_.update(bytes, decoded_);
    const bool has_lines = !charset_.starts_with("utf-16") && !charset_.starts_with("utf-32");
    const auto line_end = has_lines ? decoded_.rfind('\n') : std::string::npos;
    if (line_end != std::string::npos) return convert(line_end + 1);
    return decoded_.size() > kLongestLine ? convert(decoded_.size()) : std::string();
}

std::string FoldedText::finish() {
    decoder_.finish(decoded_);
    return convert(decoded_.size());
}

std::string FoldedText::convert(std::size_t end) {
    auto folded = collation_key(to_utf8(std::string_view(decoded_).substr(0, end), charset_));
    decoded_.erase(0, end);
    return folded;
}

} // namespace maild::mail
