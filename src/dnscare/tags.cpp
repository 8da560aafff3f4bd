#include "dnscare/tags.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::dnscare {
namespace {

bool is_name(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return ascii::is_alnum(c) || c == '_' || c == '-' || c == '.';
    });
}

} // namespace

std::optional<Tags> Tags::parse(std::string_view text) {
    Tags out;
    while (!text.empty()) {
        const auto end = std::min(text.find(';'), text.size());
        const auto piece = ascii::trim(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (piece.empty() && text.empty()) break;
        const auto equals = piece.find('=');
        if (equals == piece.npos || out.tags_.size() == kMaxTags) return std::nullopt;
        auto name = ascii::to_lower(ascii::trim(piece.substr(0, equals)));
        if (!is_name(name) || out.has(name)) return std::nullopt;
        out.tags_.emplace_back(std::move(name), ascii::trim(piece.substr(equals + 1)));
    }
    return out;
}

std::optional<std::string_view> Tags::find(std::string_view name) const {
    const auto found = std::ranges::find_if(tags_, [&](const auto& t) { return t.first == name; });
    return found == tags_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::string> of_version(const std::vector<std::string>& texts,
                                    std::string_view version) {
    std::vector<std::string> out;
    for (const auto& text : texts)
        if (text.starts_with(version) &&
            (text.size() == version.size() || text[version.size()] == ';' ||
             ascii::is_space(text[version.size()])))
            out.push_back(text);
    return out;
}

} // namespace maild::dnscare
