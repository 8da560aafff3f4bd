// What a client may put into the extension server_name: it is a name that a certificate could have,
// or nothing, and no larger than what came.
#include "maild/base/ensure.hpp"
#include "maild/net/server_names.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto name = net::parse_server_name(input);
    ensure(name.size() <= size && name.size() <= net::kMaxServerName, "no larger");
    ensure(name.empty() || net::is_certificate_name(name), "a name of hosts");
    ensure(net::normalised_server_name(name) == name, "one form");
    const auto half = size / 2;
    const bool covers = net::covers_name(input.substr(0, half), input.substr(half));
    ensure(!covers || input.starts_with("*.") || half * 2 == size, "itself, or by \"*\"");
    return 0;
}
