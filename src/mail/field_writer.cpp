#include "mail/field_writer.hpp"

#include "maild/base/encoding.hpp"

#include <algorithm>

namespace maild::mail {
namespace {

constexpr std::size_t kMaxLine = 76;
constexpr std::string_view kBefore = "=?UTF-8?B?";
constexpr std::string_view kBehind = "?=";
constexpr std::size_t kLeast = 12; // octets of text, for which it is worth to begin an encoded-word

// So many octets are whole characters: RFC 2047 §5, an encoded-word ends with one.
std::size_t whole_characters(std::string_view utf8, std::size_t most) {
    if (utf8.size() <= most) return utf8.size();
    const auto goes_on = [&](std::size_t at) {
        return (static_cast<unsigned char>(utf8[at]) & 0xc0) == 0x80;
    };
    auto end = most;
    while (end > 0 && goes_on(end)) --end;
    return end > 0 ? end : most;
}

} // namespace

FieldWriter::FieldWriter(std::string& out, std::string_view name) : out_(out) {
    out_ += name;
    out_ += ':';
    line_ = name.size() + 1;
}

void FieldWriter::word(std::string_view word) {
    const bool folds = !is_empty_ && line_ + 1 + word.size() > kMaxLine;
    if (folds) {
        out_ += "\r\n";
        line_ = 0;
    }
    out_ += ' ';
    out_ += word;
    line_ += 1 + word.size();
    is_empty_ = false;
}

void FieldWriter::encoded(std::string_view utf8) {
    const auto octets_in = [](std::size_t room) {
        const auto around = 1 + kBefore.size() + kBehind.size();
        return room > around ? (room - around) / 4 * 3 : 0;
    };
    while (!utf8.empty()) {
        auto most = octets_in(kMaxLine - std::min(line_, kMaxLine));
        if (most < std::min(kLeast, utf8.size())) most = octets_in(kMaxLine); // in the next line
        const auto count = whole_characters(utf8, most);
        std::string encoded(kBefore);
        encoded += base64_encode(utf8.substr(0, count));
        encoded += kBehind;
        word(encoded);
        utf8.remove_prefix(count);
    }
}

void FieldWriter::behind(std::string_view ending) {
    out_ += ending;
    line_ += ending.size();
}

void FieldWriter::end() { out_ += "\r\n"; }

} // namespace maild::mail
