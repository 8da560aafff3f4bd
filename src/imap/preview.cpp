#include "imap/preview.hpp"

#include "maild/base/ascii.hpp"

#include <array>
#include <utility>

namespace maild::imap {

namespace {

constexpr std::size_t kMaxCharacters = 200; // RFC 8970 §3.3: at most 256 ever

// Collects characters until there are enough of them.
class Line {
public:
    // One octet of UTF-8 text.
    void put(char c) {
        if (c == ' ' || ascii::is_control(c)) {
            space_is_due_ = !text_.empty();
            return;
        }
        const bool continues = (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
        if (!continues) {
            if (std::exchange(space_is_due_, false)) begin(' ');
            begin(c);
        } else if (!is_cut_) {
            text_ += c;
        }
    }
    // The octets of the last character may still be to come.
    bool is_over() const { return is_cut_; }
    std::string take() { return std::move(text_); }

private:
    void begin(char c) {
        if (characters_ == kMaxCharacters) {
            is_cut_ = true;
            return;
        }
        text_ += c;
        ++characters_;
    }

    std::string text_;
    std::size_t characters_ = 0;
    bool space_is_due_ = false;
    bool is_cut_ = false;
};

// What stands from `begin` on in markup that is not shown ends there; npos: never.
std::size_t end_of_markup(std::string_view html, std::size_t begin) {
    using Entry = std::pair<std::string_view, std::string_view>;
    constexpr std::array kHidden = {Entry{"<!--", "-->"}, Entry{"<style", "</style"},
                                    Entry{"<script", "</script"}, Entry{"<head", "</head"}};
    const auto rest = html.substr(begin);
    std::string_view closing = ">";
    for (const auto& [opening, end] : kHidden)
        if (ascii::starts_with_icase(rest, opening)) closing = end;
    auto at = begin + 1;
    while (at < html.size() && !ascii::starts_with_icase(html.substr(at), closing)) ++at;
    if (closing.starts_with("</")) at = html.find('>', at);
    return at >= html.size() ? std::string_view::npos : at + (closing == "-->" ? 3 : 1);
}

// The character that a reference of HTML names, of those that are common in mail; npos octets are
// taken if it is none of them.
std::pair<std::string_view, std::size_t> reference_at(std::string_view html) {
    using Entry = std::pair<std::string_view, std::string_view>;
    constexpr std::array kNames = {Entry{"&amp;", "&"},   Entry{"&lt;", "<"},  Entry{"&gt;", ">"},
                                   Entry{"&quot;", "\""}, Entry{"&#39;", "'"}, Entry{"&apos;", "'"},
                                   Entry{"&nbsp;", " "}};
    for (const auto& [name, text] : kNames)
        if (html.starts_with(name)) return {text, name.size()};
    return {html.substr(0, 1), 1};
}

} // namespace

std::string preview_of(std::string_view utf8, bool is_html) {
    Line line;
    for (std::size_t at = 0; at < utf8.size() && !line.is_over();) {
        if (is_html && utf8[at] == '<') {
            line.put(' ');
            at = end_of_markup(utf8, at);
            continue;
        }
        const auto [text, size] = is_html && utf8[at] == '&'
                                      ? reference_at(utf8.substr(at))
                                      : std::pair(utf8.substr(at, 1), std::size_t{1});
        for (const char c : text) line.put(c);
        at += size;
    }
    return line.take();
}

} // namespace maild::imap
