#include "control/help.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace maild::control {
namespace {

std::string padded(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text + "  ";
}

std::string placeholder(const Parameter& parameter) {
    const auto name = ascii::to_upper(parameter.name);
    switch (parameter.count) {
    case Count::one: return name;
    case Count::optional: return "[" + name + "]";
    case Count::many: return "[" + name + "…]";
    }
    return name;
}

std::string usage_of(const Option& option) {
    std::string text = "--" + std::string(option.name);
    if (!option.value.empty()) text += " " + std::string(option.value);
    return text;
}

// Name on the left, help on the right, all of one width.
std::string two_columns(const std::vector<std::pair<std::string, std::string_view>>& rows) {
    std::size_t width = 0;
    for (const auto& [left, right] : rows) width = std::max(width, left.size());
    std::string out;
    for (const auto& [left, right] : rows)
        out += "  " + padded(left, width) + std::string(right) + "\n";
    return out;
}

std::string option_rows(std::span<const Option> options) {
    std::vector<std::pair<std::string, std::string_view>> rows;
    for (const auto& option : options) rows.emplace_back(usage_of(option), option.help);
    return two_columns(rows);
}

} // namespace

std::string synopsis(const Command& command) {
    std::string text(command.name);
    for (const auto& parameter : command.parameters) text += " " + placeholder(parameter);
    for (const auto& option : command.options) text += " [" + usage_of(option) + "]";
    return text;
}

std::string overview(std::string_view noun) {
    std::vector<std::pair<std::string, std::string_view>> rows;
    for (const auto& command : commands()) {
        if (!noun.empty() && !command.name.starts_with(noun)) continue;
        rows.emplace_back(command.name, command.summary);
    }
    return "mailctl: manage a Maild mail host\n\nusage: mailctl [OPTION…] COMMAND …\n\n" +
           two_columns(rows) + "\noptions of every command\n" + option_rows(global_options()) +
           "\n'mailctl COMMAND --help' tells more. Exit codes are those of sysexits(3).\n";
}

std::string help_for(const Command& command) {
    std::string out =
        "usage: mailctl " + synopsis(command) + "\n\n" + std::string(command.summary) + "\n";
    if (!command.description.empty()) out += "\n" + std::string(command.description) + "\n";
    std::vector<std::pair<std::string, std::string_view>> rows;
    for (const auto& parameter : command.parameters)
        rows.emplace_back(ascii::to_upper(parameter.name), parameter.help);
    if (!rows.empty()) out += "\n" + two_columns(rows);
    if (!command.options.empty()) out += "\noptions\n" + option_rows(command.options);
    if (!command.example.empty()) out += "\nexample\n  " + std::string(command.example) + "\n";
    return out;
}

} // namespace maild::control
