// Records and policies of RFC 8461 as values.
#include "maild/relay/mta_sts.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"

#include <algorithm>
#include <utility>

namespace maild::relay {
namespace {

std::unexpected<Error> wrong(std::string how) { return fail(Errc::protocol_error, std::move(how)); }

bool is_id(std::string_view text) { // 1*32(ALPHA / DIGIT), §3.1
    return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, ascii::is_alnum);
}

bool is_blank(char c) { return ascii::is_space(c); }

// sts-ext-name = (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")
bool is_extension_name(std::string_view text) {
    return !text.empty() && text.size() <= 32 && ascii::is_alnum(text.front()) &&
           std::ranges::all_of(
               text, [](char c) { return ascii::is_alnum(c) || c == '_' || c == '-' || c == '.'; });
}

// sts-ext-value = 1*(%x21-3A / %x3C / %x3E-7E)
bool is_extension_value(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return c > ' ' && c < 0x7f && c != ';' && c != '=';
    });
}

// sts-field = sts-id / sts-extension; the id goes into `id`.
bool take_field(std::string_view field, std::optional<std::string>& id) {
    const auto equals = std::min(field.find('='), field.size());
    const auto name = field.substr(0, equals);
    const auto value = field.substr(std::min(equals + 1, field.size()));
    if (name != "id") return is_extension_name(name) && is_extension_value(value);
    if (id || !is_id(value)) return false;
    id = value;
    return true;
}

// sts-text-record = sts-version 1*(sts-field-delim sts-field) [sts-field-delim]
std::optional<std::string> id_of(std::string_view record) {
    Cursor in(record);
    if (!in.take("v=STSv1")) return std::nullopt;
    std::optional<std::string> id;
    for (;;) {
        in.take_while(is_blank);
        if (in.at_end()) return id;
        if (!in.take(';')) return std::nullopt;
        in.take_while(is_blank);
        if (in.at_end()) return id;
        const auto field = in.take_while([](char c) { return c != ';'; });
        if (!take_field(ascii::trim(field), id)) return std::nullopt;
    }
}

bool is_version_record(std::string_view text) { // "v=STSv1" and the end, or a delimiter
    if (!text.starts_with("v=STSv1")) return false;
    const auto rest = ascii::trim(text.substr(7));
    return rest.empty() || rest.starts_with(';');
}

bool is_label(std::string_view text) { // RFC 5321 §4.1.2, and "_", which hosts have
    return !text.empty() && text.front() != '-' && text.back() != '-' &&
           std::ranges::all_of(text,
                               [](char c) { return ascii::is_alnum(c) || c == '-' || c == '_'; });
}

bool is_pattern(std::string_view text) { // Domain, or "*." Domain
    if (text.starts_with("*.")) text.remove_prefix(2);
    if (!net::is_dns_name(text)) return false;
    for (;;) {
        const auto label = text.substr(0, text.find('.'));
        if (!is_label(label)) return false;
        if (label.size() == text.size()) return true;
        text.remove_prefix(label.size() + 1);
    }
}

// What the lines say; a key that may stand once counts where it stands first (§3.2).
struct Fields {
    std::optional<std::string_view> version;
    std::optional<std::string_view> mode;
    std::optional<std::string_view> max_age;
    std::vector<std::string> mx;
};

Result<void> take_line(Fields& fields, std::string_view line) {
    const auto colon = line.find(':');
    if (colon == line.npos) return wrong("a line has no colon");
    const auto key = ascii::trim(line.substr(0, colon));
    const auto value = ascii::trim(line.substr(colon + 1));
    if (key == "version" && !fields.version) fields.version = value;
    if (key == "mode" && !fields.mode) fields.mode = value;
    if (key == "max_age" && !fields.max_age) fields.max_age = value;
    const bool is_known = key == "version" || key == "mode" || key == "max_age" || key == "mx";
    if (!is_known && (!is_extension_name(key) || value.empty()))
        return wrong("a line is no key with a value");
    if (key != "mx") return {};
    if (!is_pattern(value)) return wrong("an mx is no host name");
    if (fields.mx.size() == kMaxStsPatterns) return wrong("it has too many mx");
    fields.mx.push_back(ascii::to_lower(value));
    return {};
}

std::optional<StsMode> mode_of(std::string_view text) {
    for (const auto mode : {StsMode::none, StsMode::testing, StsMode::enforce})
        if (name_of(mode) == text) return mode;
    return std::nullopt;
}

std::optional<std::chrono::seconds> age_of(std::string_view text) { // 1*10(DIGIT)
    Cursor in(text);
    const auto number = in.take_number(9'999'999'999);
    if (!number || !in.at_end() || text.size() > 10) return std::nullopt;
    return std::min(std::chrono::seconds(*number), kMaxStsAge);
}

} // namespace

std::string_view name_of(StsMode mode) {
    switch (mode) {
    case StsMode::none: return "none";
    case StsMode::testing: return "testing";
    case StsMode::enforce: return "enforce";
    }
    return "?";
}

bool StsPolicy::allows(std::string_view host) const {
    const auto name = ascii::to_lower(host);
    const auto dot = name.find('.');
    const auto below = dot == name.npos ? std::string() : "*" + name.substr(dot);
    return std::ranges::any_of(mx, [&](const std::string& pattern) {
        return pattern == name || (!below.empty() && pattern == below);
    });
}

std::optional<std::string> parse_sts_record(std::span<const std::string> texts) {
    const std::string* only = nullptr;
    for (const auto& text : texts) {
        if (!is_version_record(text)) continue;
        if (only != nullptr) return std::nullopt;
        only = &text;
    }
    return only == nullptr ? std::nullopt : id_of(*only);
}

Result<StsPolicy> parse_sts_policy(std::string_view text) {
    if (text.size() > kMaxStsPolicy) return wrong("it has more than 64 KiB");
    Fields fields;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (ascii::trim(line).empty()) continue;
        if (auto taken = take_line(fields, line); !taken)
            return std::unexpected(std::move(taken.error()));
    }
    if (fields.version != "STSv1") return wrong("its version is not STSv1");
    const auto mode = fields.mode ? mode_of(*fields.mode) : std::nullopt;
    if (!mode) return wrong("it has no mode");
    const auto age = fields.max_age ? age_of(*fields.max_age) : std::nullopt;
    if (!age) return wrong("it has no max_age");
    if (*mode != StsMode::none && fields.mx.empty()) return wrong("it names no mx");
    return StsPolicy{*mode, *age, std::move(fields.mx)};
}

} // namespace maild::relay
