#pragma once
// -bs: octets between standard input and output and the daemon's socket, until one side ends.

#include "maild/base/error.hpp"

#include <string>

namespace maild::sendmail {

// unavailable: nobody listens there; io: standard output takes no more.
Result<void> speak(const std::string& socket);

} // namespace maild::sendmail
