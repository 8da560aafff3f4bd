// What an admin may import: every row has its line, and either an account or what is wrong with it.
#include "control/input.hpp"

#include "maild/base/ensure.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto lines = std::ranges::count(input, '\n') + 1;
    if (const auto rows = control::parse_accounts_csv(input)) {
        std::int64_t before = 0;
        for (const auto& row : *rows) {
            const auto& object = row.as_object();
            const auto line = object.at("line").as_int64();
            ensure(line > before && line <= lines, "rows stand in the order of their lines");
            ensure(object.contains("fault") != object.contains("address"), "good or bad");
            before = line;
        }
    }
    if (const auto bytes = control::parse_size(input)) ensure(*bytes >= 0, "sizes are positive");
    return 0;
}
