#pragma once
// The maildrop: a directory with the sticky bit where everybody may write and only its owner list.
// Each file is its writer's, readable by nobody else but root; that is what says who sent it.

#include "sendmail/submission.hpp"

#include <string>
#include <string_view>

namespace maild::sendmail {

inline constexpr std::size_t kMostSpooled = 256ull << 20; // octets of a file

// Names of files that are whole; others are under way, or were refused.
bool is_spooled_name(std::string_view name);
inline constexpr std::string_view kUnfinished = "tmp.";
inline constexpr std::string_view kRefused = "bad.";

// On stable storage when it returns.
Result<void> leave(const std::string& maildrop, const Submission& submission);

} // namespace maild::sendmail
