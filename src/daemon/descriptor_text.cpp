#include "daemon/descriptor_text.hpp"

#include <array>
#include <cerrno>
#include <unistd.h>

namespace maild::daemon {

Result<std::string> read_all(int fd, std::size_t limit) {
    std::string text;
    std::array<char, 16384> piece{};
    while (true) {
        const auto count = ::read(fd, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno("read a file of the configuration");
        if (count == 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(count));
        if (text.size() > limit)
            return fail(Errc::too_large, "a file of the configuration has more than " +
                                             std::to_string(limit) + " octets");
    }
}

} // namespace maild::daemon
