#pragma once
// argv → what is to be done, by the command table. Pure: reads no file, asks nobody.

#include "maild/base/error.hpp"
#include "maild/control/command_table.hpp"

#include <boost/json/object.hpp>

#include <span>
#include <string>
#include <string_view>

namespace maild::control {

struct Globals {
    bool json = false;
    bool tsv = false;
    bool quiet = false;
    bool yes = false;
    bool help = false;
    std::string socket;
};

struct Invocation {
    const Command* command = nullptr; // null with `help`: help for all, or for `noun`
    std::string noun;
    Globals globals;
    boost::json::object arguments; // by name; switches are true, Count::many are arrays of strings
};

// Errors are one sentence for standard error, with what to type instead.
Result<Invocation, std::string> parse_command_line(std::span<const std::string_view> arguments);

} // namespace maild::control
