// Dates: what parses formats to what parses to the same.
#include "maild/base/ensure.hpp"
#include "maild/mail/date.hpp"

#include <cstdint>

using namespace maild;
using namespace maild::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto date = parse_date_time({reinterpret_cast<const char*>(data), size});
    if (!date) return 0;
    ensure(date->local_day().ok(), "day");
    const auto again = parse_date_time(format_date_time(date->time, date->zone));
    ensure(again == date, "round trip");
    return 0;
}
