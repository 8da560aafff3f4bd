#include "maild/mail/header.hpp"

#include "mail/lexer.hpp"
#include "mail/lines.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::mail {
namespace {

// ftext, RFC 5322 §3.6.8: a field's name. RFC 6532 leaves names in ASCII.
bool is_field_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
}

class SectionReader {
public:
    explicit SectionReader(std::string_view content) : content_(content), lines_(content) {}

    HeaderSection read() {
        HeaderSection section;
        section.fields.reserve(32);
        while (lines_.next()) {
            if (lines_.text().empty()) {
                close_field(section);
                section.fields_end = lines_.begin();
                section.body_begin = lines_.end();
                return section;
            }
            take_line(section);
        }
        close_field(section);
        section.fields_end = section.body_begin = content_.size();
        return section;
    }

private:
    void take_line(HeaderSection& section) {
        const auto text = lines_.text();
        if (ascii::is_space(text.front())) {
            text_end_ = lines_.begin() + text.size(); // continues the field, or the junk, before it
            end_ = lines_.end();
            return;
        }
        close_field(section);
        begin_ = lines_.begin();
        text_end_ = begin_ + text.size();
        end_ = lines_.end();
        colon_ = text.find(':');
    }

    // The field collected so far, if it is one and within the limits.
    void close_field(HeaderSection& section) {
        if (colon_ == std::string_view::npos) return;
        const auto colon = begin_ + colon_;
        colon_ = std::string_view::npos;
        const auto name = ascii::trim(content_.substr(begin_, colon - begin_));
        if (!is_field_name(name)) return;
        auto body = content_.substr(colon + 1, text_end_ - colon - 1);
        if (section.fields.size() == kMaxHeaderFields)
            section.limit = HeaderLimit::field_count;
        else if (begin_ >= kMaxHeaderSection)
            section.limit = HeaderLimit::section_size;
        else if (body.size() > kMaxFieldBody)
            section.limit = HeaderLimit::field_size;
        if (section.limit == HeaderLimit::field_count || begin_ >= kMaxHeaderSection) return;
        section.fields.push_back({name, body.substr(0, kMaxFieldBody), begin_, end_});
    }

    std::string_view content_;
    LineScanner lines_;
    std::size_t begin_ = 0;
    std::size_t text_end_ = 0; // before the last line end
    std::size_t end_ = 0;
    std::size_t colon_ = std::string_view::npos; // in the first line; npos: nothing collected
};

// An id without brackets, as some senders write it: one word with an '@' in it.
void collect_bare_ids(std::string_view text, std::vector<std::string>& out) {
    Cursor in(text);
    while (!in.at_end() && out.size() < kMaxMessageIds) {
        in.take_while(ascii::is_space);
        const auto word = in.take_while([](char c) { return !ascii::is_space(c); });
        const auto at = word.find('@');
        if (at != std::string_view::npos && at > 0 && !word.contains('<')) out.emplace_back(word);
    }
}

} // namespace

bool HeaderField::is(std::string_view other_name) const {
    return ascii::equals_icase(name, other_name);
}

const HeaderField* HeaderSection::find(std::string_view name) const {
    const auto found =
        std::ranges::find_if(fields, [name](const HeaderField& field) { return field.is(name); });
    return found == fields.end() ? nullptr : &*found;
}

HeaderSection parse_header(std::string_view content) { return SectionReader(content).read(); }

std::string unfold(std::string_view body) {
    std::string out;
    out.reserve(body.size());
    for (const char c : body) {
        if (c != '\r' && c != '\n' && c != '\0') out += c;
    }
    return std::string(ascii::trim(out));
}

std::vector<std::string> parse_message_ids(std::string_view body) {
    const auto text = unfold(body);
    std::vector<std::string> ids;
    Lexer in(text);
    while (ids.size() < kMaxMessageIds) {
        in.skip_space_and_comments();
        if (in.at_end()) break;
        if (!in.take('<')) {
            in.skip(1);
            continue;
        }
        std::string id;
        for (const char c : in.take_until("<>")) {
            if (!ascii::is_space(c)) id += c; // some senders fold inside of an id
        }
        if (in.take('>') && !id.empty()) ids.push_back(std::move(id));
    }
    if (ids.empty()) collect_bare_ids(text, ids);
    return ids;
}

} // namespace maild::mail
