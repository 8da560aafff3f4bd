#include "pop3/reply.hpp"

#include <array>
#include <charconv>

namespace maild::pop3 {
namespace {

Reply reply(std::string_view status, std::string_view text) {
    std::string line(status);
    line += text;
    line += "\r\n";
    return {std::move(line), {}};
}

} // namespace

Reply ok(std::string_view text) { return reply("+OK ", text); }
Reply err(std::string_view text) { return reply("-ERR ", text); }

Reply reply_for(Errc code) {
    switch (code) {
    case Errc::no_such_domain:
    case Errc::no_such_account:
    case Errc::disabled:
    case Errc::authentication_failed: return err("[AUTH] Authentication failed");
    case Errc::conflict: return err("[IN-USE] Another session has this maildrop");
    case Errc::not_found: return err("There is no such message");
    case Errc::busy: return err("[SYS/TEMP] Too busy, try again shortly");
    case Errc::limit_exceeded: return err("[SYS/TEMP] A limit of this server is reached");
    case Errc::no_space:
    case Errc::io: return err("[SYS/TEMP] The mail store does not work, try again later");
    case Errc::not_permitted:
    case Errc::no_such_mailbox:
    case Errc::unavailable:
    case Errc::timed_out:
    case Errc::closed: return err("[SYS/TEMP] Not available, try again shortly");
    case Errc::corrupt: return err("[SYS/PERM] Stored data is damaged");
    default: break;
    }
    return err("[SYS/PERM] Internal error");
}

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

} // namespace maild::pop3
