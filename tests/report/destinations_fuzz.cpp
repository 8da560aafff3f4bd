// Input: the text of a record.
#include "maild/base/ensure.hpp"
#include "maild/report/outgoing.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;
using namespace maild::report;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto destinations = destinations_of({reinterpret_cast<const char*>(data), size});
    ensure(destinations.size() <= kMaxDestinations);
    for (const auto& destination : destinations) {
        const auto again = mail::parse_address(destination.address.format(), mail::Utf8::refused);
        ensure(again && *again == destination.address);
    }
    return 0;
}
