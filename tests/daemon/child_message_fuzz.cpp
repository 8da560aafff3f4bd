// What a taken-over role may write into its channel: decoding is total, what it yields is within
// the status' bounds, and what was accepted can be said again.

#include "daemon/messages.hpp"

#include <cstdint>
#include <cstdlib>

using namespace maild::daemon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto message = decode_child_message(bytes);
    if (!message) return 0;
    const auto* text = std::get_if<StatusText>(&*message);
    if (text != nullptr && text->text.size() > kMaxStatusText) std::abort();
    const auto again = decode_child_message(encode_message(*message));
    if (!again || again->index() != message->index()) std::abort();
    return 0;
}
