#pragma once
// What can go wrong when *we* cannot do something. A peer's mistakes are no errors: they are
// ordinary replies. `internal` is for the log alone (paths, SQL, errno) and is never sent to a
// peer; each protocol has exactly one function that turns an Errc into its wire text.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace maild {

enum class Errc : std::uint8_t {
    invalid_argument, // the request itself makes no sense; repeating it will not help
    not_found, // the named thing does not exist (more exact codes below where a protocol tells them
               // apart)
    already_exists,
    no_such_domain,
    no_such_account,
    no_such_mailbox,
    disabled, // exists, but an admin has switched it off
    not_permitted,
    authentication_failed, // unknown account, wrong password, disabled account: never told apart to
                           // the peer
    over_quota,
    too_large,
    limit_exceeded,
    has_children,
    cannot,      // the name or the change can never be allowed
    conflict,    // lost against a concurrent change
    busy,        // try again shortly: a queue is full
    unavailable, // a process we need is not there; it is being restarted
    timed_out,
    closed,         // the peer ended the connection
    protocol_error, // bytes that no correct peer sends
    corrupt,        // a checksum or an invariant of stored data does not hold
    no_space,
    io, // a system call failed
    internal,
};

std::string_view name_of(Errc code);

struct Error {
    Errc code = Errc::internal;
    std::string internal;
};

template <class T, class E = Error> using Result = std::expected<T, E>;

// return fail(Errc::io, "fsync pack/1.pk: ...");
inline std::unexpected<Error> fail(Errc code, std::string internal = {}) {
    return std::unexpected(Error{code, std::move(internal)});
}

// Errc::io (no_space: ENOSPC, EDQUOT; not_permitted: EROFS), the number's text behind `what`.
std::unexpected<Error> fail_errno(std::string_view what, int error_number);
std::unexpected<Error> fail_errno(std::string_view what); // the current errno

} // namespace maild
