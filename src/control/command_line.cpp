#include "control/command_line.hpp"

#include <algorithm>
#include <ranges>
#include <vector>

namespace maild::control {
namespace json = boost::json;
namespace {

using Words = std::vector<std::string_view>;
using ParseError = std::unexpected<std::string>;

const Option* find_option(std::span<const Option> options, std::string_view name) {
    const auto found = std::ranges::find(options, name, &Option::name);
    return found == options.end() ? nullptr : &*found;
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

// How many of `words` spell the command's name; 0 when they do not.
std::size_t match(const Words& words, const Command& command) {
    std::size_t count = 0;
    for (const auto part : std::views::split(command.name, ' ')) {
        if (count == words.size() || words[count] != std::string_view(part.begin(), part.end()))
            return 0;
        ++count;
    }
    return count;
}

std::string unknown_command(const Words& words) {
    if (words.empty()) return "which command? See 'mailctl --help'.";
    std::string verbs;
    for (const auto& command : commands()) {
        if (!command.name.starts_with(std::string(words[0]) + " ")) continue;
        verbs += verbs.empty() ? " " : ", ";
        verbs += command.name;
    }
    if (verbs.empty()) return "no command " + quoted(words[0]) + ". See 'mailctl --help'.";
    return "no such command; there are:" + verbs + ".";
}

// The words split into what the grammar knows: options taken out, the rest in order.
class Scanner {
public:
    explicit Scanner(std::span<const std::string_view> arguments) : arguments_(arguments) {}

    Result<void, std::string> scan(std::span<const Option> known, json::object& values,
                                   Words& words) {
        bool only_words = false;
        for (next_ = 0; next_ < arguments_.size();) {
            const auto word = arguments_[next_++];
            if (word == "-f" && !only_words && find_option(known, "follow") != nullptr)
                values["follow"] = true; // as tail(1) has it
            else if (only_words || !word.starts_with("--"))
                words.push_back(word);
            else if (word == "--")
                only_words = true;
            else if (auto taken = take_option(word.substr(2), known, values); !taken)
                return taken;
        }
        return {};
    }

private:
    Result<void, std::string> take_option(std::string_view text, std::span<const Option> known,
                                          json::object& values) {
        const auto equals = text.find('=');
        const auto name = text.substr(0, equals);
        const auto* option = find_option(known, name);
        if (option == nullptr)
            return ParseError("no option '--" + std::string(name) + "' here; see --help.");
        if (option->value.empty()) {
            if (equals != text.npos)
                return ParseError("'--" + std::string(name) + "' takes no value.");
            values[name] = true;
            return {};
        }
        if (equals != text.npos) {
            values[name] = text.substr(equals + 1);
            return {};
        }
        if (next_ == arguments_.size()) {
            return ParseError("'--" + std::string(name) + "' wants a value: --" +
                              std::string(name) + " " + std::string(option->value) + ".");
        }
        values[name] = arguments_[next_++];
        return {};
    }

    std::span<const std::string_view> arguments_;
    std::size_t next_ = 0;
};

Result<void, std::string> bind_parameters(const Command& command,
                                          std::span<const std::string_view> words,
                                          json::object& arguments) {
    for (const auto& parameter : command.parameters) {
        if (parameter.count == Count::many) {
            json::array all;
            for (const auto word : words) all.emplace_back(word);
            arguments[parameter.name] = std::move(all);
            words = {};
        } else if (!words.empty()) {
            arguments[parameter.name] = words.front();
            words = words.subspan(1);
        } else if (parameter.count == Count::one) {
            return ParseError("mailctl " + std::string(command.name) + " wants " +
                              std::string(parameter.name) + ": " + std::string(parameter.help) +
                              ".");
        }
    }
    if (!words.empty()) return ParseError("one word too many: " + quoted(words.front()) + ".");
    return {};
}

Globals take_globals(json::object& values) {
    const auto take_switch = [&](std::string_view name) { return values.erase(name) > 0; };
    Globals globals;
    globals.json = take_switch("json");
    globals.tsv = take_switch("tsv");
    globals.quiet = take_switch("quiet");
    globals.yes = take_switch("yes");
    globals.help = take_switch("help");
    if (const auto* socket = values.if_contains("socket")) globals.socket = socket->as_string();
    values.erase("socket");
    return globals;
}

// Every option of every command, for the first pass that only finds the command's words.
std::vector<Option> all_options() {
    std::vector<Option> all(global_options().begin(), global_options().end());
    for (const auto& command : commands())
        all.insert(all.end(), command.options.begin(), command.options.end());
    return all;
}

const Command* longest_match(const Words& words, std::size_t& length) {
    const Command* best = nullptr;
    length = 0;
    for (const auto& command : commands()) {
        const auto count = match(words, command);
        if (count <= length) continue;
        length = count;
        best = &command;
    }
    return best;
}

} // namespace

Result<Invocation, std::string> parse_command_line(std::span<const std::string_view> arguments) {
    Invocation invocation;
    json::object values;
    Words words;
    const auto every_option = all_options();
    if (auto scanned = Scanner(arguments).scan(every_option, values, words); !scanned)
        return ParseError(scanned.error());
    std::size_t length = 0;
    const auto* command = longest_match(words, length);
    if (command == nullptr) {
        invocation.globals = take_globals(values);
        if (!words.empty()) invocation.noun = words.front();
        const bool known_noun =
            words.empty() || unknown_command(words).starts_with("no such command;");
        if (invocation.globals.help && known_noun) return invocation;
        return ParseError(unknown_command(words));
    }

    invocation.command = command;
    std::vector<Option> options(global_options().begin(), global_options().end());
    options.insert(options.end(), command->options.begin(), command->options.end());
    values.clear();
    words.clear();
    if (auto scanned = Scanner(arguments).scan(options, values, words); !scanned)
        return ParseError(scanned.error());
    invocation.globals = take_globals(values);
    invocation.arguments = std::move(values);
    if (invocation.globals.help) return invocation;
    auto bound = bind_parameters(*command, std::span(words).subspan(length), invocation.arguments);
    if (!bound) return ParseError(bound.error());
    return invocation;
}

} // namespace maild::control
