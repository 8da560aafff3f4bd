// Manual pages in mdoc(7), checked by `mandoc -Tlint` in the tests.

#include "control/help.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <ranges>

namespace maild::control {
namespace {

// No input line longer than what `mandoc -W style` likes to read.
std::string wrapped(std::string_view text) {
    constexpr std::size_t kMaxLine = 78;
    std::string out;
    std::size_t column = 0;
    while (!text.empty()) {
        const auto word = text.substr(0, text.find_first_of(" \n"));
        if (column > 0 && column + 1 + word.size() > kMaxLine) {
            out += '\n';
            column = 0;
        } else if (column > 0) {
            out += ' ';
            ++column;
        }
        out += word;
        column += word.size();
        text.remove_prefix(word.size());
        if (text.starts_with('\n')) {
            out += '\n';
            column = 0;
        }
        if (!text.empty()) text.remove_prefix(1);
    }
    return out;
}

// A dot or a quote at the beginning of a line would be a macro.
std::string protect_lines(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool is_beginning = out.empty() || out.back() == '\n';
        if (is_beginning && (c == '.' || c == '\'')) out += "\\&";
        out += c;
    }
    return out;
}

// Text as mdoc wants it: no leading dot or quote, backslashes and non-ASCII punctuation escaped, a
// line a sentence.
std::string escaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i).starts_with("…")) {
            out += "...";
            i += 2;
        } else if (text[i] == '\\') {
            out += "\\e";
        } else if (text[i] == '-') {
            out += "\\-";
        } else if ((text[i] == '.' || text[i] == '?') && i + 1 < text.size() &&
                   text[i + 1] == ' ') {
            out += text[i];
            out += '\n';
            ++i;
        } else {
            out += text[i];
        }
    }
    return protect_lines(wrapped(out));
}

std::string parameter_macros(const Parameter& parameter) {
    const auto name = ascii::to_upper(parameter.name);
    switch (parameter.count) {
    case Count::one: return ".Ar " + name + "\n";
    case Count::optional: return ".Op Ar " + name + "\n";
    case Count::many: return ".Op Ar " + name + " ...\n";
    }
    return {};
}

std::string option_macro(const Option& option) {
    std::string out = "Fl \\-" + escaped(option.name);
    if (!option.value.empty()) out += " Ar " + std::string(option.value);
    return out;
}

std::string option_list(std::span<const Option> options) {
    std::string out = ".Bl -tag -width Ds\n";
    for (const auto& option : options)
        out += ".It " + option_macro(option) + "\n" + escaped(option.help) + ".\n";
    return out + ".El\n";
}

std::string synopsis_macros(const Command& command) {
    std::string out = ".Nm mailctl\n.Cm " + std::string(command.name) + "\n";
    for (const auto& parameter : command.parameters) out += parameter_macros(parameter);
    for (const auto& option : command.options) out += ".Op " + option_macro(option) + "\n";
    return out;
}

std::string body(const Command& command) {
    std::string out;
    auto summary = std::string(command.summary);
    summary[0] = ascii::to_upper(summary[0]);
    out += escaped(summary) + ".\n";
    if (!command.description.empty()) out += escaped(command.description) + "\n";
    if (!command.parameters.empty()) {
        out += ".Bl -tag -width Ds\n";
        for (const auto& parameter : command.parameters) {
            out += ".It Ar " + ascii::to_upper(parameter.name) + "\n" + escaped(parameter.help) +
                   ".\n";
        }
        out += ".El\n";
    }
    if (!command.options.empty()) out += option_list(command.options);
    return out;
}

std::string head(std::string_view title, std::string_view summary) {
    return ".Dd November 22, 2026\n.Dt " + ascii::to_upper(title) + " 8\n.Os\n.Sh NAME\n.Nm " +
           std::string(title) + "\n.Nd " + escaped(summary) + "\n";
}

constexpr std::string_view kExitStatus = ".Sh EXIT STATUS\n"
                                         "Exit codes are those of\n.In sysexits.h :\n"
                                         ".Bl -tag -width 4n -compact\n"
                                         ".It 0\nDone, or nothing to do.\n"
                                         ".It 64\nThe command line is wrong.\n"
                                         ".It 65\nAn address, a name or a file is wrong.\n"
                                         ".It 67\nNo such account.\n"
                                         ".It 68\nNo such domain or mailbox.\n"
                                         ".It 69\nThe daemon cannot be reached.\n"
                                         ".It 73\nIt is there already, or cannot be made.\n"
                                         ".It 75\nNot now: try again.\n"
                                         ".It 77\nNot permitted.\n"
                                         ".It 78\nThe configuration is wrong.\n"
                                         ".El\n";

std::string example(const Command& command) {
    if (command.example.empty()) return {};
    return ".Sh EXAMPLES\n.Dl " + escaped(command.example) + "\n";
}

} // namespace

std::string manual_for(const Command& command) {
    std::string title = "mailctl-" + std::string(command.name);
    std::ranges::replace(title, ' ', '-');
    return head(title, command.summary) + ".Sh SYNOPSIS\n" + synopsis_macros(command) +
           ".Sh DESCRIPTION\n" + body(command) + std::string(kExitStatus) + example(command) +
           ".Sh SEE ALSO\n.Xr mailctl 8 ,\n.Xr maild 8\n";
}

std::string manual_of_all() {
    std::string out =
        head("mailctl", "manage a Maild mail host") +
        ".Sh SYNOPSIS\n.Nm\n.Op Ar option ...\n.Ar command\n.Op Ar argument ...\n.Sh DESCRIPTION\n"
        "Speaks to the running daemon through its control socket, which root and\n"
        "members of the group\n.Sy maild\nmay open.\nThese options go with every command:\n" +
        option_list(global_options()) + ".Sh COMMANDS\n";
    for (const auto& command : commands()) {
        out += ".Ss " + std::string(command.name) + "\n" + synopsis_macros(command) + ".Pp\n" +
               body(command);
        if (!command.example.empty()) out += ".Dl " + escaped(command.example) + "\n";
    }
    return out + std::string(kExitStatus) + ".Sh SEE ALSO\n.Xr maild 8\n";
}

std::string bash_completion() {
    std::string cases;
    for (const auto& command : commands()) {
        cases += "        '" + std::string(command.name) + "') words='";
        for (const auto& option : command.options) cases += "--" + std::string(option.name) + " ";
        cases += "' ;;\n";
    }
    std::string names;
    for (const auto& command : commands()) names += std::string(command.name) + "\n";
    std::string globals;
    for (const auto& option : global_options()) globals += "--" + std::string(option.name) + " ";
    return "# bash completion for mailctl, made by 'mailctl completion bash'\n"
           "_mailctl() {\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} typed='' word i words='' line rest\n"
           "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
           "        word=${COMP_WORDS[i]}\n"
           "        [[ $word == -* ]] || typed+=\"${typed:+ }$word\"\n"
           "    done\n"
           "    case $typed in\n" +
           cases +
           "    esac\n"
           "    if [[ $current != -* ]]; then\n"
           "        while IFS= read -r line; do\n"
           "            if [[ -z $typed ]]; then words+=\" ${line%% *}\"\n"
           "            elif [[ $line == \"$typed \"* ]]; then rest=${line#\"$typed \"}; words+=\" "
           "${rest%% *}\"; fi\n"
           "        done <<'END'\n" +
           names +
           "END\n"
           "    else\n"
           "        words+=' " +
           globals +
           "'\n"
           "    fi\n"
           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
           "}\n"
           "complete -F _mailctl mailctl\n";
}

} // namespace maild::control
