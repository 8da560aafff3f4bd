#include "mail/content_fields.hpp"

#include "mail/lexer.hpp"

#include "maild/base/ascii.hpp"

#include <array>
#include <utility>

namespace maild::mail {
namespace {

constexpr std::size_t kMaxLanguages = 128;

constexpr std::array<std::pair<std::string_view, TransferEncoding>, 5> kEncodings = {{
    {"7bit", TransferEncoding::seven_bit},
    {"8bit", TransferEncoding::eight_bit},
    {"binary", TransferEncoding::binary},
    {"base64", TransferEncoding::base64},
    {"quoted-printable", TransferEncoding::quoted_printable},
}};

void keep(std::vector<Parameter>& target, std::vector<Parameter> source, std::size_t& budget) {
    if (source.size() > budget) source.resize(budget);
    budget -= source.size();
    target = std::move(source);
}

// What has no subtype, or is no type at all, is text/plain: RFC 2045 §5.2. "text" alone keeps its
// charset.
void read_type(Part& part, std::string_view body, std::size_t& budget) {
    auto field = parse_parameterized(body);
    const auto slash = field.value.find('/');
    const bool is_complete =
        slash != std::string::npos && slash > 0 && slash + 1 < field.value.size();
    part.type = is_complete ? field.value.substr(0, slash) : "text";
    part.subtype = is_complete ? field.value.substr(slash + 1) : "plain";
    if (is_complete || field.value.starts_with("text")) {
        keep(part.parameters, std::move(field.parameters), budget);
    }
}

// The first word: senders add ";", comments and charsets behind it.
void read_encoding(Part& part, std::string_view body) {
    const auto text = unfold(body);
    Lexer in(text);
    in.skip_space_and_comments();
    in.take('"');
    const auto word = in.take_while(
        [](char c) { return !ascii::is_space(c) && !std::string_view(";(\"").contains(c); });
    if (word.empty()) return;
    part.encoding_name = ascii::to_lower(word);
    part.encoding = TransferEncoding::unknown;
    for (const auto& [name, encoding] : kEncodings) {
        if (part.encoding_name == name) part.encoding = encoding;
    }
}

void read_disposition(Part& part, std::string_view body, std::size_t& budget) {
    auto field = parse_parameterized(body);
    part.disposition.emplace();
    part.disposition->type = std::move(field.value);
    keep(part.disposition->parameters, std::move(field.parameters), budget);
}

// Content-Language: tags with commas between, RFC 3282 §2.
void read_languages(Part& part, std::string_view body) {
    const auto text = unfold(body);
    Lexer in(text);
    while (part.languages.size() < kMaxLanguages) {
        in.skip_space_and_comments();
        if (in.at_end()) return;
        const auto tag =
            in.take_while([](char c) { return !ascii::is_space(c) && c != ',' && c != '('; });
        if (tag.empty())
            in.skip(1);
        else
            part.languages.emplace_back(tag);
    }
}

enum class Field : std::uint8_t {
    type,
    encoding,
    id,
    description,
    md5,
    disposition,
    language,
    location,
    count
};

constexpr std::array<std::pair<std::string_view, Field>, 8> kFields = {{
    {"Content-Type", Field::type},
    {"Content-Transfer-Encoding", Field::encoding},
    {"Content-ID", Field::id},
    {"Content-Description", Field::description},
    {"Content-MD5", Field::md5},
    {"Content-Disposition", Field::disposition},
    {"Content-Language", Field::language},
    {"Content-Location", Field::location},
}};

void read_field(Part& part, Field field, std::string_view body, std::size_t& budget) {
    switch (field) {
    case Field::type: return read_type(part, body, budget);
    case Field::encoding: return read_encoding(part, body);
    case Field::id: part.id = unfold(body); return;
    case Field::description: part.description = unfold(body); return;
    case Field::md5: part.md5 = unfold(body); return;
    case Field::disposition: return read_disposition(part, body, budget);
    case Field::language: return read_languages(part, body);
    case Field::location: part.location = unfold(body); return;
    case Field::count: return;
    }
}

} // namespace

void read_content_fields(const HeaderSection& section, Part& part, std::size_t& parameters) {
    std::array<bool, static_cast<std::size_t>(Field::count)> seen{};
    for (const auto& field : section.fields) {
        if (!ascii::starts_with_icase(field.name, "Content-")) continue;
        for (const auto& [name, which] : kFields) {
            auto& is_repeated = seen[static_cast<std::size_t>(which)];
            if (is_repeated || !field.is(name)) continue; // of several, the first counts
            read_field(part, which, field.body, parameters);
            is_repeated = true;
        }
    }
}

std::string boundary_of(const Part& part) {
    const auto* plain = find_parameter(part.parameters, "boundary");
    std::string boundary;
    if (plain != nullptr) {
        boundary = *plain;
    } else { // in segments or encoded, RFC 2231
        const auto decoded = decode_parameters(part.parameters);
        if (const auto* found = find_parameter(decoded, "boundary")) boundary = *found;
    }
    while (!boundary.empty() && ascii::is_space(boundary.back())) boundary.pop_back();
    if (boundary.size() > kMaxBoundary) boundary.clear();
    return boundary;
}

} // namespace maild::mail
