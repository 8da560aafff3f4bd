// Sequence sets: normal ranges, whatever is written.
#include "imap/sequence_set.hpp"

#include "maild/base/ensure.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    Cursor in(input);
    const auto set = imap::parse_sequence_set(in);
    if (!set) return 0;
    for (const std::uint32_t star : {0U, 1U, 100U, UINT32_MAX}) {
        const auto ranges = set->resolve(star);
        for (std::size_t i = 0; i < ranges.size(); ++i) {
            ensure(ranges[i].first <= ranges[i].last && ranges[i].first > 0, "a range");
            ensure(i == 0 || std::uint64_t{ranges[i - 1].last} + 1 < ranges[i].first,
                   "ascending and disjoint");
            ensure(imap::contains(ranges, ranges[i].last), "contains its ends");
        }
    }
    return 0;
}
