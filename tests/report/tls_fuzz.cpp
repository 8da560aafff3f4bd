// Input: JSON.
#include "maild/base/ensure.hpp"
#include "maild/report/summary.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;
using namespace maild::report;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto report = parse_tls({reinterpret_cast<const char*>(data), size});
    if (!report) return 0;
    const auto again = parse_tls(format_tls(*report));
    ensure(again && *again == *report);
    TlsSummary summary;
    summary.add(*report);
    ensure(summary.keys().size() == summary.lines().size());
    return 0;
}
