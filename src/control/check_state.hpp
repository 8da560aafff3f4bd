#pragma once
// What `mailctl domain check --changes-only FILE` keeps of a run for the next one: a line for each
// finding. Pure.

#include <boost/json/array.hpp>

#include <set>
#include <string>
#include <string_view>

namespace maild::control {

using CheckState = std::set<std::string>; // lines

// Of a row of `domain check`: what makes it the same the next time. No line ends in it.
std::string state_line(const boost::json::object& row);
CheckState parse_state(std::string_view text);
std::string format_state(const CheckState& state);

struct CheckChanges {
    boost::json::array added; // rows
    boost::json::array gone;  // lines
};
CheckChanges changes_of(const CheckState& before, const boost::json::array& rows);

} // namespace maild::control
