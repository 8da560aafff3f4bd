// Input: a file, packed or not.
#include "report/unpack.hpp"

#include "maild/base/ensure.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kLimit = 64 * 1024;
    const std::string_view file(reinterpret_cast<const char*>(data), size);
    if (const auto files = report::unpack(file, kLimit)) {
        std::size_t sum = 0;
        for (const auto& text : *files) sum += text.size();
        ensure(sum <= kLimit);
    }
    // Behind the mark at its beginning, which the fuzzer would have to find.
    (void)report::unpack_zip(file, kLimit);
    (void)report::inflate_raw(file, kLimit);
    if (size <= kLimit) {
        const auto again = report::unpack_gzip(report::pack_gzip(file), kLimit);
        ensure(again && *again == file);
    }
    return 0;
}
