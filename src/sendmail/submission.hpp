#pragma once
// What a program has handed over, ready to be submitted or to wait for it; and the form in which it
// waits, a file of the maildrop: lines "key value", an empty line, and the content. Pure.

#include "maild/base/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::sendmail {

inline constexpr std::size_t kMaxSpooledValue = 4'096; // octets of one line

struct Submission {
    std::optional<std::string> sender{}; // as the caller named it; empty: "<>"; none: the user
    std::string full_name{};
    std::string notify{};
    std::string return_content{};
    std::string envelope_id{};
    bool mails_errors = false;
    std::vector<std::string> recipients{};
    std::string content{}; // see make_lines(); with Message-ID and Date
    friend bool operator==(const Submission&, const Submission&) = default;
};

// Control characters of values become "?".
std::string format_spooled(const Submission& submission);
// protocol_error: no such file. Keys that are not known are passed over.
Result<Submission> parse_spooled(std::string_view file);

} // namespace maild::sendmail
