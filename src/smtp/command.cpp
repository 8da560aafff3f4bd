#include "smtp/command.hpp"

#include "smtp/parameters.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"

#include <algorithm>
#include <array>

namespace maild::smtp {
namespace {

using Parsed = std::expected<Command, CommandError>;

std::unexpected<CommandError> wrong(Problem problem, std::size_t offset,
                                    std::string_view expected) {
    return std::unexpected(CommandError{problem, offset, expected});
}

using ascii::has_8bit;

// What follows a verb that has arguments: SP, then at least one octet.
bool take_space(Cursor& in) { return in.take(' ') && !in.at_end(); }

// Domain / address-literal, RFC 5321 §4.1.1.1. "_" is let through: Windows hosts have it in their
// names.
Parsed parse_hello(Cursor in, HelloKind kind) {
    if (!take_space(in)) return wrong(Problem::hello_name, in.offset(), "domain");
    const auto name = in.rest();
    if (name.size() > kMaxHelloName) return wrong(Problem::hello_name, in.offset(), "shorter name");
    if (name.starts_with('[')) {
        if (!mail::parse_address_literal(in))
            return wrong(Problem::hello_name, in.offset(), "literal");
    } else {
        in.take_while(
            [](char c) { return ascii::is_alnum(c) || c == '-' || c == '_' || c == '.'; });
    }
    if (!in.at_end()) return wrong(Problem::hello_name, in.offset(), "end");
    return Hello{kind, name};
}

// A-d-l ":", RFC 5321 §4.1.2: recognized, checked, and left out (Appendix C).
bool skip_source_route(Cursor& in) {
    if (!in.next_is('@')) return true;
    do {
        if (!in.take('@') || !mail::parse_domain(in, mail::Utf8::allowed)) return false;
    } while (in.take(','));
    return in.take(':');
}

// Path = "<" [ A-d-l ":" ] Mailbox ">"; the "<" is already taken. An empty quoted localpart is
// grammar and nobody's.
std::optional<mail::Address> parse_path(Cursor& in) {
    if (!skip_source_route(in)) return std::nullopt;
    auto mailbox = mail::parse_mailbox(in, mail::Utf8::allowed);
    if (!mailbox || mailbox->localpart.empty() || !in.take('>')) return std::nullopt;
    return std::move(*mailbox);
}

// "FROM:" and "TO:". RFC 5321 §3.3 has no space behind the colon; scanners, printers and old
// scripts send one, and nothing becomes ambiguous by it.
bool take_keyword(Cursor& in, std::string_view keyword) {
    if (!in.take(' ') || !in.take_icase(keyword)) return false;
    in.take(' ');
    return true;
}

// "MAIL FROM:" Reverse-path [SP Mail-parameters], RFC 5321 §4.1.1.2
Parsed parse_mail(Cursor in, mail::Utf8) {
    Mail mail;
    if (!take_keyword(in, "FROM:")) return wrong(Problem::syntax, in.offset(), "FROM:");
    const auto path = in.rest();
    if (!in.take('<')) return wrong(Problem::reverse_path, in.offset(), "<");
    if (!in.take('>')) {
        mail.reverse_path.address = parse_path(in);
        if (!mail.reverse_path.address) return wrong(Problem::reverse_path, in.offset(), "mailbox");
    }
    const bool is_utf8 = has_8bit(path.substr(0, path.size() - in.rest().size()));
    if (const auto checked = parse_mail_parameters(in, mail); !checked)
        return std::unexpected(checked.error());
    if (!in.at_end()) return wrong(Problem::syntax, in.offset(), "end");
    if (is_utf8 && !mail.smtputf8) return wrong(Problem::sender_needs_smtputf8, 0, "SMTPUTF8");
    return mail;
}

// "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path ) [SP Rcpt-parameters],
// §4.1.1.3
Parsed parse_rcpt(Cursor in, mail::Utf8 utf8) {
    Rcpt rcpt;
    if (!take_keyword(in, "TO:")) return wrong(Problem::syntax, in.offset(), "TO:");
    const auto path = in.rest();
    if (!in.take('<')) return wrong(Problem::forward_path, in.offset(), "<");
    if (in.take_icase("postmaster>")) {
        rcpt.forward_path.localpart = "postmaster";
    } else {
        auto address = parse_path(in);
        if (!address) return wrong(Problem::forward_path, in.offset(), "mailbox");
        rcpt.forward_path = std::move(*address);
    }
    if (utf8 == mail::Utf8::refused && has_8bit(path.substr(0, path.size() - in.rest().size())))
        return wrong(Problem::recipient_needs_smtputf8, 0, "SMTPUTF8");
    if (const auto checked = parse_rcpt_parameters(in, utf8, rcpt); !checked)
        return std::unexpected(checked.error());
    if (!in.at_end()) return wrong(Problem::syntax, in.offset(), "end");
    return rcpt;
}

// "AUTH" SP mechanism [SP initial-response], RFC 4954 §4; whether the response is base64 is the
// exchange's question.
Parsed parse_auth(Cursor in, mail::Utf8) {
    Auth auth;
    if (!take_space(in)) return wrong(Problem::syntax, in.offset(), "mechanism");
    auth.mechanism =
        in.take_while([](char c) { return ascii::is_alnum(c) || c == '-' || c == '_'; });
    if (auth.mechanism.empty()) return wrong(Problem::syntax, in.offset(), "mechanism");
    if (in.take(' ')) auth.initial_response = in.take_while([](char c) { return c != ' '; });
    if (!in.at_end()) return wrong(Problem::syntax, in.offset(), "end");
    return auth;
}

template <HelloKind kind> Parsed parse_hello_of(Cursor in, mail::Utf8) {
    return parse_hello(in, kind);
}

// DATA, RSET, QUIT, STARTTLS: nothing may follow.
template <class Verb> Parsed parse_bare(Cursor in, mail::Utf8) {
    if (!in.at_end()) return wrong(Problem::syntax, in.offset(), "end");
    return Verb{};
}

// NOOP and HELP: whatever follows is ignored (§4.1.1.8, §4.1.1.9).
template <class Verb> Parsed parse_any(Cursor, mail::Utf8) { return Verb{}; }

// VRFY needs to say whom, §4.1.1.6; the answer is the same for all.
Parsed parse_vrfy(Cursor in, mail::Utf8) {
    if (!take_space(in)) return wrong(Problem::syntax, in.offset(), "name");
    return Vrfy{};
}

// "BDAT" SP chunk-size [SP "LAST"], RFC 3030 §2. A wrong one is none that could be refused alone.
Parsed parse_bdat(Cursor in, mail::Utf8) {
    Bdat bdat;
    if (!take_space(in)) return bdat;
    const auto size = in.take_number(UINT64_MAX);
    if (!size) return bdat;
    bdat.is_last = in.take_icase(" LAST");
    if (in.at_end()) bdat.size = *size;
    return bdat;
}

struct Verb {
    std::string_view name;
    Parsed (*parse)(Cursor, mail::Utf8);
};
constexpr Verb kVerbs[] = {
    {"MAIL", parse_mail},
    {"RCPT", parse_rcpt},
    {"DATA", parse_bare<Data>},
    {"RSET", parse_bare<Rset>},
    {"EHLO", parse_hello_of<HelloKind::ehlo>},
    {"LHLO", parse_hello_of<HelloKind::lhlo>},
    {"HELO", parse_hello_of<HelloKind::helo>},
    {"QUIT", parse_bare<Quit>},
    {"STARTTLS", parse_bare<StartTls>},
    {"AUTH", parse_auth},
    {"NOOP", parse_any<Noop>},
    {"VRFY", parse_vrfy},
    {"HELP", parse_any<Help>},
    {"BDAT", parse_bdat},
    {"EXPN", parse_any<NotImplemented>},
    {"ETRN", parse_any<NotImplemented>},
    {"TURN", parse_any<NotImplemented>},
    {"ATRN", parse_any<NotImplemented>},
    {"BURL", parse_any<NotImplemented>},
    // What browsers say first, and the header lines that follow; the ALPACA paper's cross-protocol
    // attacks need a server that goes on.
    {"GET", parse_any<Http>},
    {"POST", parse_any<Http>},
    {"PUT", parse_any<Http>},
    {"HEAD", parse_any<Http>},
    {"OPTIONS", parse_any<Http>},
    {"CONNECT", parse_any<Http>},
    {"PATCH", parse_any<Http>},
    {"DELETE", parse_any<Http>},
    {"TRACE", parse_any<Http>},
    {"PRI", parse_any<Http>},
    {"HOST:", parse_any<Http>},
    {"USER-AGENT:", parse_any<Http>},
    {"ACCEPT:", parse_any<Http>},
    {"CONTENT-TYPE:", parse_any<Http>},
    {"CONTENT-LENGTH:", parse_any<Http>},
    {"ORIGIN:", parse_any<Http>},
    {"REFERER:", parse_any<Http>},
};

constexpr Rules kOrdinary{};
constexpr Rules kHello{.before_hello = true, .is_idle = true};
constexpr Rules kMail{.in_transaction = false, .last_in_group = false};
constexpr Rules kPipelined{.last_in_group = false};
constexpr Rules kReset{.before_hello = true, .last_in_group = false, .is_idle = true};
constexpr Rules kAnytime{.before_hello = true, .is_idle = true};
constexpr Rules kChangesSession{.in_transaction = false};
constexpr Rules kEnd{.before_hello = true, .last_in_group = false};

// One row for each alternative of Command, in its order. RFC 5321 §4.1.4 for what may come when;
// RFC 2920 §3.1 for what ends a group.
constexpr std::array<Rules, std::variant_size_v<Command>> kRules = {
    kHello,          // Hello
    kMail,           // Mail
    kPipelined,      // Rcpt
    kOrdinary,       // Data
    kReset,          // Rset
    kAnytime,        // Noop
    kAnytime,        // Vrfy
    kAnytime,        // Help
    kEnd,            // Quit: what follows is never read
    kChangesSession, // StartTls
    kChangesSession, // Auth
    kAnytime,        // NotImplemented
    kEnd,            // Bdat: its chunk follows at once, whatever is answered
    kEnd,            // Http: likewise
};

} // namespace

std::expected<Command, CommandError> parse_command(std::string_view line, mail::Utf8 utf8) {
    // RFC 5321 §4.1.1: trailing white space is tolerated.
    while (!line.empty() && ascii::is_space(line.back())) line.remove_suffix(1);
    Cursor in(line);
    const auto name = in.take_while([](char c) { return c != ' '; });
    const auto* verb = std::ranges::find_if(
        kVerbs, [name](const Verb& row) { return ascii::equals_icase(row.name, name); });
    if (verb == std::end(kVerbs)) return wrong(Problem::unknown_verb, 0, "verb");
    return verb->parse(in, utf8);
}

const Rules& rules_of(const Command& command) { return kRules[command.index()]; }

} // namespace maild::smtp
