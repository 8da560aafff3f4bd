// Files of the maildrop: total, and what is read is written alike.
#include "sendmail/submission.hpp"

#include "maild/base/ensure.hpp"

#include <cstdint>

using namespace maild;
using namespace maild::sendmail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = parse_spooled({reinterpret_cast<const char*>(data), size});
    if (!read) return 0;
    const auto written = format_spooled(*read);
    const auto again = parse_spooled(written);
    ensure(again.has_value(), "round trip");
    ensure(format_spooled(*again) == written, "the same again");
    return 0;
}
