// Whatever a proxy sends: the answer for a part of it is never taken back by what follows, so a
// reader that asks after each piece finds the same as one that has it all.
#include "maild/base/ensure.hpp"
#include "maild/net/proxy_header.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto whole = net::parse_proxy_header(input);
    if (!whole) {
        ensure(whole.error().code == Errc::protocol_error, "a peer's mistake");
        return 0;
    }
    if (!*whole) {
        ensure(size < net::kMaxProxyHeader, "an end");
        for (std::size_t cut = size - std::min<std::size_t>(size, 64); cut < size; ++cut) {
            const auto part = net::parse_proxy_header(input.substr(0, cut));
            ensure(part && !*part, "a part of what may be one may be one");
        }
        return 0;
    }
    const auto end = (*whole)->size;
    ensure(end > 0 && end <= std::min(size, net::kMaxProxyHeader), "within what was read");
    const auto alone = net::parse_proxy_header(input.substr(0, end));
    ensure(alone && *alone == *whole, "what follows does not count");
    for (std::size_t cut = 0; cut < std::min<std::size_t>(end, 256); ++cut) {
        const auto part = net::parse_proxy_header(input.substr(0, cut));
        ensure(part && !*part, "no header before its end");
        const auto left = net::least_left_of_header(input.substr(0, cut));
        ensure(left > 0 && left <= end - cut, "not an octet more");
    }
    return 0;
}
