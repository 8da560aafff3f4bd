#include "policy/authres_syntax.hpp"

#include "maild/base/ascii.hpp"
#include "maild/policy/authres.hpp"

#include <algorithm>

namespace maild::policy {
namespace {

bool is_space(char c) { return ascii::is_space(c) || c == '\r' || c == '\n'; }

// token of RFC 2045 §5.1: no tspecials.
bool is_token_octet(char c) {
    constexpr std::string_view kSpecials = "()<>@,;:\\\"/[]?=";
    return c > ' ' && c < 0x7f && !kSpecials.contains(c);
}

// atext of RFC 5322 §3.2.3, with RFC 6532 §3.2 what is not ASCII.
bool is_atext(char c, mail::Utf8 utf8) {
    constexpr std::string_view kOthers = "!#$%&'*+-/=?^_`{|}~";
    if (ascii::is_8bit(c)) return utf8 == mail::Utf8::allowed;
    return ascii::is_alnum(c) || kOthers.contains(c);
}

bool is_dot_atom(std::string_view text, mail::Utf8 utf8) {
    char last = '.';
    for (const char c : text) {
        if (c == '.' ? last == '.' : !is_atext(c, utf8)) return false;
        last = c;
    }
    return last != '.';
}

bool is_domain(std::string_view text, mail::Utf8 utf8) {
    const auto domain = mail::Domain::parse(text, utf8);
    return domain && !domain->is_literal();
}

std::string_view take_bare(Cursor& in) {
    return in.take_while([](char c) { return !is_space(c) && c != ';' && c != '(' && c != '"'; });
}

} // namespace

bool skip_cfws(Cursor& in) {
    std::size_t depth = 0;
    while (!in.at_end()) {
        if (in.take('(')) {
            ++depth;
        } else if (depth > 0 && in.take(')')) {
            --depth;
        } else if (depth > 0) {
            in.take('\\');
            in.take_bytes(1);
        } else if (in.take_while(is_space).empty()) {
            break;
        }
    }
    return depth == 0;
}

std::string_view take_keyword(Cursor& in) {
    auto probe = in;
    const auto word = probe.take_while([](char c) { return ascii::is_alnum(c) || c == '-'; });
    if (word.empty() || word.back() == '-') return {};
    in = probe;
    return word;
}

bool is_name(std::string_view text) {
    Cursor in(text);
    return text.size() <= kMaxName && !take_keyword(in).empty() && in.at_end();
}

std::optional<std::string> take_quoted(Cursor& in, mail::Utf8 utf8) {
    auto probe = in;
    if (!probe.take('"')) return std::nullopt;
    std::string out;
    while (!probe.at_end()) {
        char c = probe.take_bytes(1).front();
        if (c == '"') {
            in = probe;
            return out;
        }
        if (c == '\r' || c == '\n') continue;
        if (c == '\\') {
            if (probe.at_end()) break;
            c = probe.take_bytes(1).front();
        }
        if (ascii::is_control(c) && c != '\t') break;
        if (ascii::is_8bit(c) && utf8 == mail::Utf8::refused) break;
        out += c;
    }
    return std::nullopt;
}

std::optional<std::string> take_value(Cursor& in, mail::Utf8 utf8) {
    if (in.next_is('"')) return take_quoted(in, utf8);
    const auto token = in.take_while(is_token_octet);
    if (token.empty()) return std::nullopt;
    return std::string(token);
}

std::optional<std::string> take_pvalue(Cursor& in, mail::Utf8 utf8) {
    if (in.next_is('"')) {
        const auto begin = in.rest();
        auto quoted = take_quoted(in, utf8);
        if (!quoted || !in.next_is('@')) return quoted;
        const auto local = begin.substr(0, begin.size() - in.rest().size());
        const auto rest = take_bare(in);
        if (!is_domain(rest.substr(1), utf8)) return std::nullopt;
        std::string unfolded(local);
        std::erase_if(unfolded, [](char c) { return c == '\r' || c == '\n'; });
        return unfolded + std::string(rest);
    }
    const auto text = take_bare(in);
    if (!is_bare_pvalue(text, utf8)) return std::nullopt;
    return std::string(text);
}

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, is_token_octet);
}

bool is_bare_pvalue(std::string_view text, mail::Utf8 utf8) {
    if (is_token(text)) return true;
    const auto at = text.rfind('@');
    if (at == std::string_view::npos) return is_domain(text, utf8);
    const auto local = text.substr(0, at);
    return (local.empty() || is_dot_atom(local, utf8)) && is_domain(text.substr(at + 1), utf8);
}

} // namespace maild::policy
