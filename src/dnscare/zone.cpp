// Records as a zone file has them.
#include "maild/base/ascii.hpp"
#include "maild/dnscare/records.hpp"

#include <algorithm>

namespace maild::dnscare {
namespace {

constexpr std::size_t kMostOctets = 255; // of one <character-string>, RFC 1035 §3.3
constexpr std::size_t kNameColumn = 40;

// RFC 1035 §5.1: what has a meaning behind a backslash, what cannot be shown as \DDD.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (ascii::is_control(c) || ascii::is_8bit(c)) {
            out += '\\' + std::to_string(1000 + static_cast<unsigned char>(c)).substr(1);
            continue;
        }
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string comment(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        out += "; " + std::string(line) + "\n";
    }
    return out;
}

std::string line_of(const Record& record) {
    auto line = record.name + ".";
    line.append(line.size() < kNameColumn ? kNameColumn - line.size() : 1, ' ');
    line += "IN " + record.type;
    line.append(record.type.size() < 4 ? 5 - record.type.size() : 1, ' ');
    return line + zone_value(record) + "\n";
}

} // namespace

std::string zone_value(const Record& record) {
    if (record.type != "TXT") return record.value;
    if (record.value.size() <= kMostOctets) return quoted(record.value);
    std::string out = "(";
    for (std::string_view rest = record.value; !rest.empty();) {
        const auto piece = rest.substr(0, kMostOctets);
        out += " " + quoted(piece);
        rest.remove_prefix(piece.size());
    }
    return out + " )";
}

std::string zone_text(const Wanted& wanted) {
    std::string out;
    for (const auto& record : wanted.records) out += line_of(record);
    for (const auto& hint : wanted.hints) out += comment(hint);
    if (!wanted.sts_policy.empty()) out += ";\n" + comment(wanted.sts_policy);
    return out;
}

} // namespace maild::dnscare
