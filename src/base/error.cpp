#include "maild/base/error.hpp"

#include <cerrno>
#include <system_error>

namespace maild {

std::string_view name_of(Errc code) {
    switch (code) {
    case Errc::invalid_argument: return "invalid_argument";
    case Errc::not_found: return "not_found";
    case Errc::already_exists: return "already_exists";
    case Errc::no_such_domain: return "no_such_domain";
    case Errc::no_such_account: return "no_such_account";
    case Errc::no_such_mailbox: return "no_such_mailbox";
    case Errc::disabled: return "disabled";
    case Errc::not_permitted: return "not_permitted";
    case Errc::authentication_failed: return "authentication_failed";
    case Errc::over_quota: return "over_quota";
    case Errc::too_large: return "too_large";
    case Errc::limit_exceeded: return "limit_exceeded";
    case Errc::has_children: return "has_children";
    case Errc::cannot: return "cannot";
    case Errc::conflict: return "conflict";
    case Errc::busy: return "busy";
    case Errc::unavailable: return "unavailable";
    case Errc::timed_out: return "timed_out";
    case Errc::closed: return "closed";
    case Errc::protocol_error: return "protocol_error";
    case Errc::corrupt: return "corrupt";
    case Errc::no_space: return "no_space";
    case Errc::io: return "io";
    case Errc::internal: return "internal";
    }
    return "unknown";
}

std::unexpected<Error> fail_errno(std::string_view what, int error_number) {
    auto code = error_number == ENOSPC || error_number == EDQUOT ? Errc::no_space : Errc::io;
    if (error_number == EROFS) code = Errc::not_permitted;
    std::string text(what);
    text += ": ";
    text += std::generic_category().message(error_number);
    return std::unexpected(Error{code, std::move(text)});
}

std::unexpected<Error> fail_errno(std::string_view what) { return fail_errno(what, errno); }

} // namespace maild
