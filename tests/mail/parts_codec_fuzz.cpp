// The part index: what decodes is nested, and every section either is found inside of it or is not
// there.
#include "maild/base/ensure.hpp"
#include "maild/mail/part_index.hpp"

#include <array>
#include <cstdint>

using namespace maild;
using namespace maild::mail;

namespace {

void check_nesting(std::span<const IndexedPart> parts, std::size_t index) {
    const auto& parent = parts[index];
    auto child = index + 1;
    auto position = parent.body_begin;
    for (std::uint32_t i = 0; i < parent.child_count; ++i) {
        ensure(parts[child].header_begin >= position && parts[child].body_end <= parent.body_end,
               "nesting");
        position = parts[child].body_end;
        child += parts[child].descendants + 1;
    }
    ensure(child == index + 1 + parent.descendants, "descendants");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto index = decode_parts({reinterpret_cast<const char*>(data), size});
    if (!index) return 0;
    const auto parts = index->parts();
    for (std::size_t i = 0; i < parts.size(); ++i) check_nesting(parts, i);
    for (std::uint32_t a = 0; a < 4; ++a) {
        for (std::uint32_t b = 0; b < 4; ++b) {
            const std::array<std::uint32_t, 3> section = {a, b, 1};
            for (const auto* found : {index->find(section), index->message_at(section)}) {
                ensure(found == nullptr ||
                           (found >= parts.data() && found < parts.data() + parts.size()),
                       "found");
            }
        }
    }
    return 0;
}
