#include "control/check_state.hpp"

#include "maild/base/ascii.hpp"

#include <boost/json/object.hpp>

#include <algorithm>

namespace maild::control {
namespace json = boost::json;

std::string state_line(const json::object& row) {
    std::string out;
    for (const std::string_view key : {"domain", "code", "name", "found"}) {
        const auto* value = row.if_contains(key);
        if (!out.empty()) out += '\t';
        if (value != nullptr && value->is_string()) out += std::string(value->as_string());
    }
    std::ranges::replace_if(out, [](char c) { return c != '\t' && ascii::is_control(c); }, ' ');
    return out;
}

CheckState parse_state(std::string_view text) {
    CheckState out;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (!line.empty()) out.emplace(line);
    }
    return out;
}

std::string format_state(const CheckState& state) {
    std::string out;
    for (const auto& line : state) out += line + "\n";
    return out;
}

CheckChanges changes_of(const CheckState& before, const json::array& rows) {
    CheckChanges out;
    CheckState now;
    for (const auto& row : rows) {
        auto line = state_line(row.as_object());
        if (!before.contains(line)) out.added.push_back(row);
        now.insert(std::move(line));
    }
    for (const auto& line : before)
        if (!now.contains(line)) out.gone.emplace_back(line);
    return out;
}

} // namespace maild::control
