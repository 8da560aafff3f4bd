// What an admin's question makes `control` ask `sender`, and what that answers: decoding is total,
// and what was accepted says the same again.

#include "daemon/probe_messages.hpp"

#include "maild/base/ensure.hpp"
#include "maild/ipc/codec.hpp"

#include <cstdint>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto request = ipc::decode<sender::ProbeRequest>(bytes))
        ensure(ipc::encode(*request) == bytes, "a question says the same again");
    if (const auto report = ipc::decode<sender::ProbeReport>(bytes))
        ensure(ipc::encode(*report) == bytes, "a report says the same again");
    return 0;
}
