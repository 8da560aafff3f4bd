#include "mail/lexer.hpp"

#include "maild/base/ascii.hpp"

#include <utility>

namespace maild::mail {

bool is_atext(char c) {
    return ascii::is_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
}

std::string quoted_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

bool Lexer::skip_space_and_comments() {
    const auto begin = in_.offset();
    while (true) {
        in_.take_while(ascii::is_space);
        if (!in_.next_is('(')) return in_.offset() != begin;
        if (!skip_comment()) in_.take('(');
    }
}

// comment = "(" *([FWS] ccontent) [FWS] ")", nested to any depth: counted, not recursed into.
bool Lexer::skip_comment() {
    if (comments_broken_) return false;
    auto in = in_;
    std::string text;
    std::size_t depth = 0;
    while (!in.at_end()) {
        const char c = in.peek();
        in.take(c);
        if (c == '\\' && !in.at_end()) {
            text += in.take_bytes(1);
            continue;
        }
        if (c == '(' && ++depth == 1) continue;
        if (c == ')' && --depth == 0) {
            in_ = in;
            comment_ = ascii::trim(text);
            return true;
        }
        text += c;
    }
    comments_broken_ = true;
    return false;
}

std::string Lexer::take_comment_text() { return std::exchange(comment_, {}); }

std::optional<std::string> Lexer::take_quoted_string() {
    if (quotes_broken_) return std::nullopt;
    auto in = in_;
    in.take('"');
    std::string text;
    while (!in.at_end()) {
        text += in.take_while([](char c) { return c != '"' && c != '\\'; });
        if (in.take('"')) {
            in_ = in;
            return text;
        }
        in.take('\\');
        text += in.take_bytes(1);
    }
    quotes_broken_ = true;
    return std::nullopt;
}

std::optional<std::string> Lexer::take_domain_literal() {
    if (literals_broken_) return std::nullopt;
    auto in = in_;
    const auto body = in.take_while([](char c) { return c != ']'; });
    if (!in.take(']')) {
        literals_broken_ = true;
        return std::nullopt;
    }
    in_ = in;
    std::string text;
    for (const char c : body) {
        if (!ascii::is_space(c)) text += c;
    }
    return text + ']';
}

std::string_view Lexer::take_until(std::string_view stops) {
    return in_.take_while([stops](char c) { return !stops.contains(c); });
}

} // namespace maild::mail
