#include "policy/authres_syntax.hpp"

#include "maild/base/ascii.hpp"
#include "maild/policy/authres.hpp"

#include <algorithm>

namespace maild::policy {
namespace {

constexpr std::size_t kLineLength = 78; // RFC 5322 §2.1.1

std::string escaped(std::string_view text, std::string_view specials) {
    std::string out;
    for (const char c : text) {
        if (ascii::is_control(c) && c != '\t') continue;
        if (specials.contains(c)) out += '\\';
        out += c;
    }
    return out;
}

std::string quoted(std::string_view text) { return '"' + escaped(text, "\\\"") + '"'; }

std::string format_value(std::string_view text) {
    return is_token(text) ? std::string(text) : quoted(text);
}

// `"ada b"@example.org` is as it has to be already, if that is what the parser makes of it.
std::string format_pvalue(std::string_view text) {
    // Never a second field, whatever a peer has written into a value.
    if (std::ranges::any_of(text, ascii::is_control)) return quoted(text);
    if (is_bare_pvalue(text, mail::Utf8::allowed)) return std::string(text);
    Cursor in(text);
    const auto same = take_pvalue(in, mail::Utf8::allowed);
    return same && in.at_end() && *same == text ? std::string(text) : quoted(text);
}

class Writer {
public:
    void put(std::string_view item) {
        const auto with_space = item.size() + 1;
        if (line_ + with_space > kLineLength && line_ > 1) {
            fold();
        } else {
            text_ += ' ';
            ++line_;
        }
        text_ += item;
        line_ += item.size();
    }
    void append(std::string_view text) {
        text_ += text;
        line_ += text.size();
    }
    void begin_result(std::string_view item) {
        append(";");
        fold();
        append(item);
    }
    std::string finish() && { return std::move(text_) + "\r\n"; }

private:
    void fold() {
        text_ += "\r\n\t";
        line_ = 1;
    }
    std::string text_;
    std::size_t line_ = 0;
};

// resinfo, item by item.
std::vector<std::string> items_of(const MethodResult& result) {
    auto method = result.method;
    if (result.version != 1) method += "/" + std::to_string(result.version);
    std::vector<std::string> items{method + "=" + result.result};
    if (!result.comment.empty()) items.push_back("(" + escaped(result.comment, "\\()") + ")");
    if (!result.reason.empty()) items.push_back("reason=" + format_value(result.reason));
    for (const auto& property : result.properties) {
        items.push_back(property.type + "." + property.name + "=" + format_pvalue(property.value));
    }
    return items;
}

void write(Writer& out, const MethodResult& result) {
    const auto items = items_of(result);
    out.begin_result(items.front());
    for (std::size_t i = 1; i < items.size(); ++i) out.put(items[i]);
}

// Lines of the header section; a field is one and those behind it that begin with white space.
class FieldScanner {
public:
    explicit FieldScanner(std::string_view content) : content_(content) {}

    // False at the empty line and at the end.
    bool next() {
        begin_ = end_;
        if (begin_ >= content_.size() || is_empty_line(begin_)) return false;
        do {
            const auto feed = content_.find('\n', end_);
            end_ = feed == std::string_view::npos ? content_.size() : feed + 1;
        } while (end_ < content_.size() && ascii::is_space(content_[end_]));
        return true;
    }
    FieldRange range() const { return {begin_, end_}; }
    std::string_view text() const { return content_.substr(begin_, end_ - begin_); }

private:
    bool is_empty_line(std::size_t at) const {
        const auto rest = content_.substr(at, 2);
        return rest.starts_with('\n') || rest == "\r\n";
    }
    std::string_view content_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

// None if it cannot be read. More is taken for one than the grammar has: what reads like ours to
// somebody must go.
std::optional<std::string> claimed_id(std::string_view body) {
    Cursor in(body);
    if (!skip_cfws(in)) return std::nullopt;
    std::string id;
    if (in.next_is('"')) {
        auto text = take_quoted(in, mail::Utf8::allowed);
        if (!text) return std::nullopt;
        id = std::move(*text);
    } else {
        id = in.take_while([](char c) {
            return !ascii::is_space(c) && !ascii::is_control(c) && c != ';' && c != '(';
        });
    }
    if (id.ends_with('.')) id.pop_back();
    if (id.empty()) return std::nullopt;
    return id;
}

bool is_same_id(std::string_view a, std::string_view b) {
    if (ascii::equals_icase(a, b)) return true;
    const auto first = mail::Domain::parse(a);
    const auto second = mail::Domain::parse(b);
    return first && second && *first == *second;
}

} // namespace

std::string format_method_result(const MethodResult& result) {
    std::string line;
    for (const auto& item : items_of(result)) line += (line.empty() ? "" : " ") + item;
    return line;
}

std::string format_authentication_results(const AuthenticationResults& results) {
    Writer out;
    out.append("Authentication-Results:");
    out.put(format_value(results.authserv_id));
    if (results.version != 1) out.put(std::to_string(results.version));
    if (results.results.empty()) out.append("; none");
    for (const auto& result : results.results) write(out, result);
    return std::move(out).finish();
}

std::vector<FieldRange> forged_results(std::string_view content, std::string_view authserv_id) {
    std::vector<FieldRange> forged;
    FieldScanner fields(content);
    while (fields.next()) {
        const auto text = fields.text();
        const auto colon = text.find(':');
        if (colon == std::string_view::npos) continue;
        if (!ascii::equals_icase(ascii::trim(text.substr(0, colon)), "Authentication-Results"))
            continue;
        const auto id = claimed_id(text.substr(colon + 1));
        if (!id || is_same_id(*id, authserv_id)) forged.push_back(fields.range());
    }
    return forged;
}

} // namespace maild::policy
