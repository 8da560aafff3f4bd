#include "maild/control/protocol.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace maild::control;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    (void)frame_size(bytes);
    if (const auto request = parse_request(bytes)) (void)parse_request(format_request(*request));
    (void)parse_reply(bytes);
    return 0;
}
