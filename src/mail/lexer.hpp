#pragma once
// Tokens of structured header fields (RFC 5322 §3.2), lenient: whatever is unterminated is no token
// but text. Works on unfolded text and is linear in all it does together.

#include "maild/base/cursor.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace maild::mail {

bool is_atext(char c); // §3.2.3
// §3.2.4; `text` has neither line ends nor NUL.
std::string quoted_string(std::string_view text);

class Lexer {
public:
    explicit Lexer(std::string_view unfolded) : in_(unfolded) {}

    bool at_end() const { return in_.at_end(); }
    char peek() const { return in_.peek(); }
    bool next_is(char c) const { return in_.next_is(c); }
    bool take(char c) { return in_.take(c); }
    void skip(std::size_t count) { in_.take_bytes(count); }
    std::string_view rest() const { return in_.rest(); }

    // CFWS; true if there was any. A '(' that nothing closes counts as white space.
    bool skip_space_and_comments();
    // The last comment that was skipped, its quoted-pairs decoded; forgotten by the call.
    std::string take_comment_text();

    // quoted-string without its quotes and backslashes; nothing is taken if it is not closed.
    std::optional<std::string> take_quoted_string();
    // "[...]" with its brackets and without white space; nothing is taken if it is not closed.
    std::optional<std::string> take_domain_literal();
    std::string_view take_until(std::string_view stops);
    template <class Accept> std::string_view take_while(Accept accept) {
        return in_.take_while(accept);
    }

private:
    bool skip_comment();

    Cursor in_;
    std::string comment_;
    // One was not closed: look for no more, which keeps the whole linear.
    bool comments_broken_ = false;
    bool quotes_broken_ = false;
    bool literals_broken_ = false;
};

} // namespace maild::mail
