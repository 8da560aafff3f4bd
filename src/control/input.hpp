#pragma once
// What mailctl takes from outside its command line: passwords, sizes, CSV files. Passwords are
// never arguments.

#include "maild/base/error.hpp"

#include <boost/json/array.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maild::control {

// 20 characters of 32 (100 bits), in groups that can be read out loud.
std::string generate_password();
// One line without its end; an empty one is an error.
Result<std::string> read_password_line(int fd);
// Asked twice on the terminal, not echoed. Nothing when standard input is no terminal.
Result<std::optional<std::string>> ask_password(std::string_view account);

// "512", "10K", "2G": powers of 1024.
std::optional<std::int64_t> parse_size(std::string_view text);
// "90", "90s", "15m", "2h", "7d": seconds, at least one and at most ten years.
std::optional<std::int64_t> parse_span(std::string_view text);

// Rows of address,password-or-hash,quota as {line, address, password, quota}; RFC 4180 quoting.
// Empty lines, lines that start with '#' and a heading line "address,…" are passed over. The error
// names the line.
Result<boost::json::array> parse_accounts_csv(std::string_view text);
Result<std::string> read_file(const std::string& path); // "-": standard input; at most 16 MiB
// Written beside and renamed, so that a half-written file never stands there.
Result<void> write_new_file(const std::string& path, std::string_view text);
// A message: lines that end with LF get CRLF, as they travel (RFC 6376 §5.3). Empty path: standard
// input. At most 256 MiB.
Result<std::string> read_message(const std::string& path);

} // namespace maild::control
