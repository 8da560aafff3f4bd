// Input: a message, or a file that was attached to one.
#include "maild/base/ensure.hpp"
#include "maild/report/attachment.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view file(reinterpret_cast<const char*>(data), size);
    const auto found = report::reports_in_file(file);
    (void)report::reports_in_message(file);
    for (const auto& problem : found.problems) ensure(!problem.empty());
    return 0;
}
