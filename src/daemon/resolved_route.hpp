#pragma once
// An accepted recipient with where it leads, from RCPT to the end of data.

#include "maild/directory/resolve.hpp"
#include "maild/smtp/envelope.hpp"

namespace maild::daemon {

struct ResolvedRoute final : smtp::Route {
    directory::Resolution resolution;
};

} // namespace maild::daemon
