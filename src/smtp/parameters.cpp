#include "smtp/parameters.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"

#include <limits>

namespace maild::smtp {
namespace {

struct Parameter {
    std::string_view keyword;
    std::optional<std::string_view> value;
    std::size_t offset = 0;
};

std::unexpected<CommandError> wrong(Problem problem, std::size_t offset,
                                    std::string_view expected) {
    return std::unexpected(CommandError{problem, offset, expected});
}

// esmtp-param = esmtp-keyword ["=" esmtp-value], RFC 5321 §4.1.2
std::expected<Parameter, CommandError> parse_parameter(Cursor& in) {
    Parameter parameter;
    parameter.offset = in.offset();
    parameter.keyword = in.take_while([](char c) { return ascii::is_alnum(c) || c == '-'; });
    if (parameter.keyword.empty() || parameter.keyword.front() == '-')
        return wrong(Problem::syntax, in.offset(), "parameter");
    if (in.take('=')) {
        // Octets above 0x7f are esmtp-value only behind SMTPUTF8 (RFC 6531 §3.3): whose value it is
        // says whether it may have some.
        const auto value =
            in.take_while([](char c) { return !ascii::is_control(c) && c != ' ' && c != '='; });
        if (value.empty()) return wrong(Problem::parameter_value, in.offset(), "value");
        parameter.value = value;
    }
    if (!in.at_end() && !in.next_is(' ')) return wrong(Problem::syntax, in.offset(), "space");
    return parameter;
}

// SIZE=1*20DIGIT, RFC 1870 §4
bool take_size(const Parameter& parameter, Mail& mail) {
    if (!parameter.value || parameter.value->size() > 20) return false;
    Cursor in(*parameter.value);
    const auto size = in.take_number(std::numeric_limits<std::uint64_t>::max());
    if (!size || !in.at_end()) return false;
    mail.size = *size;
    return true;
}

// body-value = "7BIT" / "8BITMIME" / "BINARYMIME", RFC 6152 §2, RFC 3030 §3
bool take_body(const Parameter& parameter, Mail& mail) {
    constexpr std::pair<std::string_view, Body> kBodies[] = {{"7BIT", Body::seven_bit},
                                                             {"8BITMIME", Body::eight_bit_mime},
                                                             {"BINARYMIME", Body::binary_mime}};
    for (const auto& [word, body] : kBodies) {
        if (!parameter.value || !ascii::equals_icase(*parameter.value, word)) continue;
        mail.body = body;
        return true;
    }
    return false;
}

// SMTPUTF8 has no value, RFC 6531 §3.4.
bool take_smtputf8(const Parameter& parameter, Mail& mail) {
    mail.smtputf8 = true;
    return !parameter.value;
}

// REQUIRETLS has none either, RFC 8689 §2.
bool take_requiretls(const Parameter& parameter, Mail& mail) {
    mail.requiretls = true;
    return !parameter.value;
}

template <bool (*take)(std::string_view, Mail&)>
bool take_value(const Parameter& parameter, Mail& mail) {
    return parameter.value && take(*parameter.value, mail);
}

// AUTH=xtext of a Mailbox, or "<>", RFC 4954 §5
bool take_auth(const Parameter& parameter, Mail& mail) {
    if (!parameter.value) return false;
    mail.auth = decode_xtext(*parameter.value);
    if (!mail.auth) return false;
    return *mail.auth == "<>" || mail::parse_address(*mail.auth, mail::Utf8::allowed).has_value();
}

struct KnownParameter {
    std::string_view keyword;
    bool (*take)(const Parameter& parameter, Mail& mail);
};
constexpr KnownParameter kMailParameters[] = {
    {"SIZE", take_size},
    {"BODY", take_body},
    {"SMTPUTF8", take_smtputf8},
    {"AUTH", take_auth},
    {"RET", take_value<take_return_content>},
    {"ENVID", take_value<take_envelope_id>},
    {"REQUIRETLS", take_requiretls},
    {"HOLDFOR", take_value<take_hold_for>},
    {"HOLDUNTIL", take_value<take_hold_until>},
    {"BY", take_value<take_deliver_by>},
    {"MT-PRIORITY", take_value<take_priority>},
};

} // namespace

std::optional<std::string> decode_xtext(std::string_view text) {
    std::string out;
    Cursor in(text);
    while (!in.at_end()) {
        // hexchar = "+" 2(DIGIT / %x41-46), RFC 3461 §4: upper case only
        if (in.take('+')) {
            const auto digits = in.take_bytes(2);
            const auto byte = hex_decode(digits);
            if (digits.size() != 2 || !byte || ascii::to_upper(digits) != digits)
                return std::nullopt;
            if (ascii::is_control(byte->front())) return std::nullopt;
            out += *byte;
            continue;
        }
        const auto plain =
            in.take_while([](char c) { return c > ' ' && c < 0x7f && c != '+' && c != '='; });
        if (plain.empty()) return std::nullopt;
        out += plain;
    }
    return out;
}

Checked parse_mail_parameters(Cursor& in, Mail& mail) {
    unsigned seen = 0; // a bit for each row of the table
    for (std::size_t count = 0; in.take(' '); ++count) {
        const auto parameter = parse_parameter(in);
        if (!parameter) return std::unexpected(parameter.error());
        const auto* known = std::ranges::find_if(kMailParameters, [&](const auto& row) {
            return ascii::equals_icase(row.keyword, parameter->keyword);
        });
        if (known == std::end(kMailParameters) || count == kMaxParameters)
            return wrong(Problem::unknown_parameter, parameter->offset, "known parameter");
        const auto bit = 1U << (known - kMailParameters);
        // Twice is wrong even if equal: which one counts would be a guess.
        if ((seen & bit) != 0 || !known->take(*parameter, mail))
            return wrong(Problem::parameter_value, parameter->offset, known->keyword);
        seen |= bit;
    }
    // RFC 4865: one of them.
    if (mail.hold_for && mail.hold_until)
        return wrong(Problem::parameter_value, in.offset(), "HOLDFOR or HOLDUNTIL");
    return {};
}

Checked parse_rcpt_parameters(Cursor& in, mail::Utf8 utf8, Rcpt& rcpt) {
    while (in.take(' ')) {
        const auto parameter = parse_parameter(in);
        if (!parameter) return std::unexpected(parameter.error());
        const bool is_notify = ascii::equals_icase(parameter->keyword, "NOTIFY");
        if (!is_notify && !ascii::equals_icase(parameter->keyword, "ORCPT"))
            return wrong(Problem::unknown_parameter, parameter->offset, "known parameter");
        const auto value = parameter->value.value_or("");
        // Twice is wrong, RFC 3461 §4.5; neither is ever empty.
        const bool is_first = (is_notify ? rcpt.notify : rcpt.original_recipient).empty();
        if (!is_first ||
            !(is_notify ? take_notify(value, rcpt) : take_original_recipient(value, utf8, rcpt)))
            return wrong(Problem::parameter_value, parameter->offset, "value");
    }
    return {};
}

} // namespace maild::smtp
