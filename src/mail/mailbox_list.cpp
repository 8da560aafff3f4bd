#include "maild/mail/mailbox_list.hpp"

#include "mail/lexer.hpp"

#include "maild/base/ascii.hpp"
#include "maild/mail/header.hpp"

#include <utility>

namespace maild::mail {
namespace {

using Step = Result<void, SyntaxError>;

bool is_text(char c) { return !ascii::is_control(c) || c == '\t'; } // VCHAR, WSP, UTF8-non-ascii

// comment = "(" *([FWS] ccontent) [FWS] ")", RFC 5322 §3.2.2; they nest.
Step skip_comment(Cursor& in) {
    std::size_t depth = 0;
    do {
        if (in.at_end()) return in.expected("end of comment");
        const char c = in.peek();
        if (!is_text(c)) return in.expected("printable character");
        in.take_bytes(1);
        if (c == '(') ++depth;
        if (c == ')') --depth;
        if (c == '\\') { // quoted-pair
            if (in.at_end() || !is_text(in.peek())) return in.expected("printable character");
            in.take_bytes(1);
        }
    } while (depth > 0);
    return {};
}

// [CFWS]; the body was unfolded.
Step skip_cfws(Cursor& in) {
    while (true) {
        in.take_while(ascii::is_space);
        if (!in.next_is('(')) return {};
        if (auto skipped = skip_comment(in); !skipped) return skipped;
    }
}

// quoted-string, RFC 5322 §3.2.4, of which only the end matters here.
Step skip_quoted_string(Cursor& in) {
    in.take('"');
    while (!in.take('"')) {
        in.take('\\');
        if (in.at_end() || !is_text(in.peek())) return in.expected("closing quote");
        in.take_bytes(1);
    }
    return {};
}

// phrase = 1*word / obs-phrase, RFC 5322 §3.2.5, §4.1: with dots, as in "J. Smith".
Step skip_phrase(Cursor& in) {
    while (true) {
        if (auto skipped = skip_cfws(in); !skipped) return skipped;
        if (in.next_is('"')) {
            if (auto skipped = skip_quoted_string(in); !skipped) return skipped;
            continue;
        }
        const auto atom =
            in.take_while([](char c) { return is_atext(c) || c == '.' || ascii::is_8bit(c); });
        if (atom.empty()) return {};
    }
}

// angle-addr = "<" addr-spec ">"
Result<Address, SyntaxError> parse_angle_address(Cursor& in) {
    if (!in.take('<')) return in.expected("<");
    auto address = parse_mailbox(in, Utf8::allowed);
    if (address && !in.take('>')) return in.expected(">");
    return address;
}

bool is_at_end_of_mailbox(const Cursor& in) { return in.at_end() || in.next_is(','); }

// mailbox = name-addr / addr-spec, with what may stand around it.
Result<Address, SyntaxError> parse_one(Cursor& in) {
    if (auto skipped = skip_cfws(in); !skipped) return std::unexpected(skipped.error());
    auto bare = in;
    if (auto address = parse_mailbox(bare, Utf8::allowed)) {
        const auto skipped = skip_cfws(bare);
        if (skipped && is_at_end_of_mailbox(bare)) {
            in = bare;
            return address;
        }
    }
    if (auto skipped = skip_phrase(in); !skipped) return std::unexpected(skipped.error());
    auto address = parse_angle_address(in);
    if (!address) return address;
    if (auto skipped = skip_cfws(in); !skipped) return std::unexpected(skipped.error());
    if (!is_at_end_of_mailbox(in)) return in.expected("end of mailbox");
    return address;
}

} // namespace

// mailbox-list = mailbox *("," mailbox)
Result<std::vector<Address>, SyntaxError> parse_mailbox_list(std::string_view body) {
    const auto unfolded = unfold(body);
    Cursor in(unfolded);
    std::vector<Address> list;
    do {
        if (list.size() == kMaxMailboxes) return in.expected("fewer mailboxes");
        auto address = parse_one(in);
        if (!address) return std::unexpected(address.error());
        list.push_back(std::move(*address));
    } while (in.take(','));
    return list;
}

} // namespace maild::mail
