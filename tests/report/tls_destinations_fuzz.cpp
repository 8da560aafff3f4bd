// Input: the text of a record.
#include "maild/base/ensure.hpp"
#include "maild/report/tls_outgoing.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;
using namespace maild::report;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string texts[] = {{reinterpret_cast<const char*>(data), size}};
    const auto found = tls_destinations_of(texts);
    ensure(found.mail.size() + found.others.size() <= kMaxDestinations);
    for (const auto& destination : found.mail) {
        const auto again = mail::parse_address(destination.address.format(), mail::Utf8::refused);
        ensure(again && *again == destination.address);
    }
    for (const auto& uri : found.others) ensure(!uri.empty() && uri.size() <= 200);
    return 0;
}
