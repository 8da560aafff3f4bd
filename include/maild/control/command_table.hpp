#pragma once
// Every command of `mailctl`, once: the parser, the help, the man pages, the completion and the
// daemon's dispatch all read this table. To add a command: a row in its noun's file,
// control/table_<noun>.cpp, and its handler in the daemon (or in control/local_commands.cpp).

#include <cstdint>
#include <span>
#include <string_view>

namespace maild::control {

enum class Count : std::uint8_t { one, optional, many };

struct Parameter {
    std::string_view name;
    std::string_view help;
    Count count = Count::one;
};

struct Option {
    std::string_view name;  // without the dashes
    std::string_view value; // what stands for its value in the help; empty: a switch
    std::string_view help;
};

// limit, size_limit: 0 is none.
enum class Format : std::uint8_t { text, bytes, time, yes_no, list, limit, size_limit };

// How a field of a result row is shown to people.
struct Column {
    std::string_view key;
    std::string_view title;
    Format format = Format::text;
};

// in_steps: in the daemon, asked again until its reply names no next step (protocol.hpp).
enum class Runs : std::uint8_t { in_daemon, in_steps, here };

struct Command {
    std::string_view name; // "domain alias add"
    std::string_view summary;
    std::span<const Parameter> parameters;
    std::span<const Option> options;
    std::span<const Column> columns; // of result.rows, or of the result itself
    std::string_view description;
    std::string_view example; // runs as it stands in the test suite
    Runs runs = Runs::in_daemon;
    bool is_destructive = false; // asks first, or wants --yes without a terminal
};

std::span<const Command> commands();
const Command* find_command(std::string_view name);
std::span<const Option> global_options();

} // namespace maild::control
