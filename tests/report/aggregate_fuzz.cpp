// Input: XML.
#include "maild/base/ensure.hpp"
#include "maild/report/summary.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;
using namespace maild::report;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto report = parse_aggregate({reinterpret_cast<const char*>(data), size});
    if (!report) return 0;
    const auto again = parse_aggregate(format_aggregate(*report));
    ensure(again && *again == *report);
    DmarcSummary summary;
    summary.add(*report);
    ensure(summary.reports() == 1);
    for (const auto& [key, source] : summary.sources()) {
        ensure(source.passed <= source.messages && source.signers.size() <= kMaxNames);
        ensure(!advice_for(source, key.second).empty());
    }
    return 0;
}
