#include "policy/authres_syntax.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"
#include "maild/policy/authres.hpp"

#include <algorithm>

namespace maild::policy {
namespace {

constexpr std::size_t kLineLength = 78;   // RFC 5322 §2.1.1
constexpr std::size_t kMaxField = 60'000; // octets; what reads fields looks at 64 KiB

// The octets of the UTF-8 character at the beginning, 0 if there is none that may be shown: nothing
// of C0 but the tab, and nothing of C1.
std::size_t character_at(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    if (lead < 0x80) return ascii::is_control(text.front()) && text.front() != '\t' ? 0 : 1;
    const std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const auto character = text.substr(0, size);
    const bool is_c1 = lead == 0xc2 && character < "\xc2\xa0";
    return character.size() == size && is_utf8(character) && !is_c1 ? size : 0;
}

// Whole characters of it, at most so many octets; what is none is "?". Values come from strangers.
std::string shortened(std::string_view text, std::size_t most) {
    std::string out;
    while (!text.empty()) {
        const auto size = character_at(text);
        if (out.size() + std::max<std::size_t>(size, 1) > most) break;
        if (size > 0)
            out += text.substr(0, size);
        else
            out += '?';
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return out;
}

std::string escaped(std::string_view text, std::string_view specials) {
    std::string out;
    for (const char c : text) {
        if (specials.contains(c)) out += '\\';
        out += c;
    }
    return out;
}

std::string quoted(std::string_view text) { return '"' + escaped(text, "\\\"") + '"'; }

std::string format_value(std::string_view given, std::size_t most) {
    auto text = shortened(given, most);
    return is_token(text) ? text : quoted(text);
}

// `"ada b"@example.org` is as it has to be already, if that is what the parser makes of it.
std::string format_pvalue(std::string_view given) {
    auto text = shortened(given, kMaxValue);
    if (text.contains('\t')) return quoted(text);
    if (is_bare_pvalue(text, mail::Utf8::allowed)) return text;
    Cursor in(text);
    const auto same = take_pvalue(in, mail::Utf8::allowed);
    return same && in.at_end() && *same == text ? text : quoted(text);
}

class Writer {
public:
    void put(std::string_view item) {
        if (line_ + 1 + item.size() > kLineLength && line_ > 1) {
            fold("\t");
        } else {
            append(" ");
        }
        append_folded(item);
    }
    void append(std::string_view text) {
        text_ += text;
        line_ += text.size();
    }
    void begin_result(std::string_view item) {
        append(";");
        fold("\t");
        append(item);
    }
    std::size_t size() const { return text_.size(); }
    std::string finish() && { return std::move(text_) + "\r\n"; }

private:
    void fold(std::string_view space) {
        text_ += "\r\n";
        text_ += space;
        line_ = space.size();
    }
    // Spaces stand in comments and quoted strings only, and a fold before one is none of their
    // octets. Never between two spaces: no line may be white space alone (RFC 5322 §3.2.2).
    void append_folded(std::string_view item) {
        while (line_ + item.size() > kLineLength) {
            const auto at = fold_of(item);
            if (at == item.npos) break;
            append(item.substr(0, at));
            fold(item.substr(at, 1));
            item.remove_prefix(at + 1);
        }
        append(item);
    }
    // The last space that this line may end before, or else the first that there is.
    std::size_t fold_of(std::string_view item) const {
        auto best = item.npos;
        for (std::size_t i = 1; i < item.size(); ++i) {
            if (item[i] != ' ' || ascii::is_space(item[i - 1])) continue;
            if (line_ + i > kLineLength && best != item.npos) break;
            best = i;
        }
        return best;
    }

    std::string text_;
    std::size_t line_ = 0;
};

// resinfo, item by item.
std::vector<std::string> items_of(const MethodResult& result) {
    auto method = result.method;
    if (result.version != 1) method += "/" + std::to_string(result.version);
    std::vector<std::string> items{method + "=" + result.result};
    if (!result.comment.empty())
        items.push_back("(" + escaped(shortened(result.comment, kMaxRemark), "\\()") + ")");
    if (!result.reason.empty())
        items.push_back("reason=" + format_value(result.reason, kMaxRemark));
    std::size_t count = 0;
    for (const auto& property : result.properties) {
        if (!is_name(property.type) || !is_name(property.name)) continue;
        if (++count > kMaxProperties) break;
        items.push_back(property.type + "." + property.name + "=" + format_pvalue(property.value));
    }
    return items;
}

std::size_t size_of(const std::vector<std::string>& items) {
    std::size_t size = 0;
    for (const auto& item : items) size += item.size() + 3; // with its fold, at most
    return size;
}

// False: there is no more room.
bool write(Writer& out, const MethodResult& result) {
    const auto items = items_of(result);
    if (out.size() + size_of(items) > kMaxField) return false;
    out.begin_result(items.front());
    for (std::size_t i = 1; i < items.size(); ++i) out.put(items[i]);
    return true;
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
    out.put(format_value(results.authserv_id, kMaxValue));
    if (results.version != 1) out.put(std::to_string(std::min(results.version, kMaxVersion)));
    std::size_t count = 0;
    for (const auto& result : results.results) {
        if (!is_writable(result)) continue;
        if (count == kMaxMethodResults || !write(out, result)) break;
        ++count;
    }
    if (count == 0) out.append("; none");
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
