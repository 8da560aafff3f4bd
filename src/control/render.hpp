#pragma once
// A reply as people read it, or as tab-separated rows. Text that came from outside is made harmless
// for a terminal.

#include "maild/control/command_table.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace maild::control {

std::string render_text(const Command& command, const boost::json::value& result);
// Of a reply that others follow (--follow): rows with a heading above the first, or lines.
std::string render_part(const Command& command, const boost::json::value& result, bool is_first);
std::string render_tsv(const Command& command, const boost::json::value& result);

std::string format_bytes(std::int64_t bytes); // "1.5 GiB"; 0 is "0"
std::string printable(std::string_view text); // control bytes and broken UTF-8 as \xHH

} // namespace maild::control
