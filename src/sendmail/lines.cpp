// From whatever a program writes to lines with CRLF.
#include "sendmail/message.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::sendmail {
namespace {

// RFC 5322 §2.2: ftext up to the colon, before which §4.5 allows white space.
bool is_field(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == line.npos || colon == 0) return false;
    auto name = line.substr(0, colon);
    while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
    return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_continuation(std::string_view line) {
    return line.starts_with(' ') || line.starts_with('\t');
}

class LineMaker {
public:
    explicit LineMaker(std::size_t size) { out_.reserve(size + size / 32 + 2); }

    void add(std::string_view line) {
        if (in_header_) look_for_body(line);
        const auto begin = out_.size();
        out_ += line;
        std::replace(out_.begin() + static_cast<std::ptrdiff_t>(begin), out_.end(), '\0', '?');
        out_ += "\r\n";
    }
    std::string take() {
        if (in_header_) out_ += "\r\n"; // a message without a body
        return std::move(out_);
    }

private:
    void look_for_body(std::string_view line) {
        const bool is_header = is_field(line) || (is_continuation(line) && !out_.empty());
        if (is_header) return;
        in_header_ = false;
        if (!line.empty()) out_ += "\r\n";
    }

    std::string out_;
    bool in_header_ = true;
};

// The next line without its end: LF, CRLF, or any run of CR, with or without LF behind it.
std::string_view take_line(std::string_view& rest) {
    const auto end = rest.find_first_of("\r\n");
    const auto line = rest.substr(0, end);
    rest.remove_prefix(line.size());
    const auto returns = std::min(rest.find_first_not_of('\r'), rest.size());
    rest.remove_prefix(returns);
    if (rest.starts_with('\n')) rest.remove_prefix(1);
    return line;
}

} // namespace

std::string make_lines(std::string_view raw, bool dot_ends) {
    LineMaker out(raw.size());
    bool is_first = true;
    while (!raw.empty()) {
        const auto line = take_line(raw);
        if (dot_ends && line == ".") break;
        const bool is_envelope =
            is_first && (line.starts_with("From ") || line.starts_with(">From "));
        is_first = false;
        if (!is_envelope) out.add(line);
    }
    return out.take();
}

} // namespace maild::sendmail
