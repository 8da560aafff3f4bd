// What an admin's question makes `control` ask `sender`, and what that answers; and the texts that
// both have `trace` keep: decoding is total, and what was accepted says the same again.

#include "daemon/note_messages.hpp"
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
    if (const auto request = ipc::decode<daemon::PolicyRequest>(bytes))
        ensure(ipc::encode(*request) == bytes, "a question for a policy says the same again");
    if (const auto fetched = ipc::decode<daemon::FetchedPolicy>(bytes))
        ensure(ipc::encode(*fetched) == bytes, "a policy says the same again");
    if (const auto name = ipc::decode<daemon::NoteName>(bytes))
        ensure(ipc::encode(*name) == bytes, "a note's name says the same again");
    if (const auto note = ipc::decode<daemon::KeptNote>(bytes))
        ensure(ipc::encode(*note) == bytes, "a note says the same again");
    return 0;
}
