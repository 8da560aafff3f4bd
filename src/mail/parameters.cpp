#include "mail/encoded_word.hpp"
#include "mail/lexer.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"
#include "maild/mail/header.hpp"
#include "maild/mail/mime.hpp"
#include "maild/mail/text.hpp"

#include <algorithm>

namespace maild::mail {
namespace {

bool is_name_octet(char c) { return !ascii::is_space(c) && !std::string_view(";=(\"").contains(c); }

class ParameterParser {
public:
    explicit ParameterParser(std::string_view unfolded) : in_(unfolded) {}

    ParameterizedField parse() {
        ParameterizedField field;
        field.value = take_value();
        while (field.parameters.size() < kMaxParameters) {
            in_.skip_space_and_comments();
            if (in_.take(';')) continue;
            if (in_.at_end()) break;
            take_parameter(field.parameters);
        }
        return field;
    }

private:
    // type "/" subtype, with the white space that RFC 822 allowed between tokens.
    std::string take_value() {
        std::string value;
        do {
            in_.skip_space_and_comments();
            const auto quoted = in_.next_is('"') ? in_.take_quoted_string() : std::nullopt;
            const auto before = value.size();
            value += quoted ? *quoted : in_.take_while([](char c) {
                return !ascii::is_space(c) && !std::string_view(";(\"").contains(c);
            });
            in_.skip_space_and_comments();
            if (value.size() == before) break;
        } while (in_.next_is('/') || value.ends_with('/'));
        return ascii::to_lower(value);
    }

    // parameter := attribute "=" value. What has no "=" is dropped.
    void take_parameter(std::vector<Parameter>& out) {
        std::string name(in_.take_while(is_name_octet));
        in_.skip_space_and_comments();
        if (in_.take('=')) {
            in_.skip_space_and_comments();
            auto value = take_parameter_value();
            if (!name.empty()) out.push_back({std::move(name), std::move(value)});
        } else if (name.empty()) {
            in_.skip(1); // a stray quote
        }
    }

    std::string take_parameter_value() {
        if (!in_.next_is('"')) return take_unquoted_value();
        if (const auto quoted = in_.take_quoted_string()) return *quoted;
        in_.skip(1); // never closed: up to the next parameter
        return std::string(in_.take_until(";"));
    }

    // A token; but file names come unquoted with spaces and brackets in them: `filename=my
    // file(1).pdf`. A word with
    // "=" behind white space is the next parameter, whose ";" was forgotten; a bracket there begins
    // a comment.
    std::string take_unquoted_value() {
        std::string value;
        while (true) {
            value += in_.take_while([](char c) { return !ascii::is_space(c) && c != ';'; });
            auto ahead = in_;
            const auto space = ahead.take_while(ascii::is_space);
            if (ahead.at_end() || ahead.next_is(';') || ahead.next_is('(')) return value;
            const auto word = ahead.take_while(is_name_octet);
            if (!word.empty() && ahead.next_is('=')) return value;
            value += space;
            in_.skip(space.size());
        }
    }

    Lexer in_;
};

// One parameter's name taken apart, RFC 2231 §3–4: base ["*" number] ["*"].
struct Segment {
    std::string base; // lower case
    std::size_t number = 0;
    bool is_numbered = false;
    bool is_encoded = false;
    const std::string* value = nullptr;
};

Segment segment_of(const Parameter& parameter) {
    Segment segment;
    segment.base = ascii::to_lower(parameter.name);
    segment.value = &parameter.value;
    Cursor in(segment.base);
    const auto base = in.take_while([](char c) { return c != '*'; });
    if (in.at_end() || base.empty()) return segment;
    in.take('*');
    if (!in.at_end()) {
        const bool leading_zero =
            in.next_is('0') && in.rest().size() > 1 && ascii::is_digit(in.rest()[1]);
        const auto number = in.take_number(kMaxParameters);
        if (!number || leading_zero)
            return segment; // no segment by the RFC: a name with a star in it
        segment.number = static_cast<std::size_t>(*number);
        segment.is_numbered = true;
        segment.is_encoded = in.take('*');
        if (!in.at_end()) return Segment{segment.base, 0, false, false, segment.value};
    } else {
        segment.is_encoded = true;
    }
    segment.base.resize(base.size());
    return segment;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto octet = text.front() == '%' ? hex_decode(text.substr(1, 2)) : std::nullopt;
        const bool is_escape = octet && octet->size() == 1;
        out += is_escape ? octet->front() : text.front();
        text.remove_prefix(is_escape ? 3 : 1);
    }
    return out;
}

// extended-initial-value := [charset] "'" [language] "'" text
std::string_view take_charset(std::string_view& value) {
    const auto first = value.find('\'');
    if (first == std::string_view::npos) return {};
    const auto second = value.find('\'', first + 1);
    if (second == std::string_view::npos) return {};
    const auto charset = value.substr(0, first);
    value.remove_prefix(second + 1);
    return charset;
}

// Segments of one name, in their order from the first number on; a gap ends it.
std::string join(const std::vector<const Segment*>& segments) {
    std::string bytes;
    std::string_view charset;
    std::size_t expected = segments.front()->number;
    for (const auto* segment : segments) {
        if (segment->number + 1 == expected) continue; // written twice: the first counts
        if (segment->number != expected) break;
        std::string_view value = *segment->value;
        if (segment->is_encoded && expected == segments.front()->number)
            charset = take_charset(value);
        bytes += segment->is_encoded ? percent_decode(value) : std::string(value);
        ++expected;
    }
    return to_utf8(bytes, charset);
}

// The value of one name from all its forms: encoded, else in segments, else plain.
std::string value_of(const std::vector<Segment>& all, const std::string& base) {
    std::vector<const Segment*> chosen;
    const Segment* plain = nullptr;
    for (const auto& segment : all) {
        if (segment.base != base) continue;
        if (!segment.is_numbered && segment.is_encoded) return join({&segment});
        if (segment.is_numbered)
            chosen.push_back(&segment);
        else if (plain == nullptr)
            plain = &segment;
    }
    if (chosen.empty()) return decode_words(*plain->value);
    std::ranges::sort(chosen, [](const Segment* a, const Segment* b) {
        return a->number != b->number ? a->number < b->number : a < b; // all are of one vector
    });
    return join(chosen);
}

} // namespace

ParameterizedField parse_parameterized(std::string_view body) {
    const auto text = unfold(body);
    return ParameterParser(text).parse();
}

std::vector<Parameter> decode_parameters(const std::vector<Parameter>& parameters) {
    std::vector<Segment> segments;
    const auto count = std::min(parameters.size(), kMaxParameters);
    for (std::size_t i = 0; i < count; ++i) segments.push_back(segment_of(parameters[i]));
    std::vector<Parameter> decoded;
    for (const auto& segment : segments) {
        if (find_parameter(decoded, segment.base) != nullptr) continue;
        auto value = value_of(segments, segment.base);
        std::erase_if(value, ascii::is_control); // nobody's file name holds a line end
        decoded.push_back({segment.base, std::move(value)});
    }
    return decoded;
}

const std::string* find_parameter(const std::vector<Parameter>& parameters, std::string_view name) {
    const auto found = std::ranges::find_if(parameters, [name](const Parameter& parameter) {
        return ascii::equals_icase(parameter.name, name);
    });
    return found == parameters.end() ? nullptr : &found->value;
}

} // namespace maild::mail
