// Whole messages: strict nesting, limits, and an index that decodes to the same tree.
#include "maild/base/ensure.hpp"
#include "maild/mail/mime.hpp"
#include "maild/mail/part_index.hpp"

#include <cstdint>

using namespace maild;
using namespace maild::mail;

namespace {

struct Walk {
    const IndexedPart* indexed;
    std::size_t count = 0;
};

void check_part(const Part& part, std::size_t depth, Walk& walk) {
    ensure(++walk.count <= kMaxMimeParts && depth <= kMaxMimeDepth, "limits");
    ensure(part.header_begin <= part.body_begin && part.body_begin <= part.body_end, "offsets");
    ensure((part.kind == PartKind::leaf) == part.children.empty(), "children");
    ensure((part.kind == PartKind::multipart) == (part.type == "multipart"), "kind");
    ensure((part.kind == PartKind::message) == (part.envelope != nullptr), "envelope");
    ensure(part.parameters.size() <= kMaxParameters, "parameters");
    (void)decode_parameters(part.parameters);
    const auto& indexed = *walk.indexed++;
    ensure(indexed.kind == part.kind && indexed.header_begin == part.header_begin &&
               indexed.body_begin == part.body_begin && indexed.body_end == part.body_end &&
               indexed.lines == part.lines && indexed.child_count == part.children.size(),
           "index");
    auto position = part.body_begin;
    for (const auto& child : part.children) {
        ensure(position <= child.header_begin && child.body_end <= part.body_end, "nesting");
        position = child.body_end;
        check_part(child, depth + 1, walk);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view content(reinterpret_cast<const char*>(data), size);
    const auto message = parse_message(content);
    ensure(message.root.header_begin == 0 && message.root.body_end == size, "root");
    const auto index = decode_parts(encode_parts(message.root));
    ensure(index.has_value(), "decode_parts");
    Walk walk{&index->root()};
    check_part(message.root, 1, walk);
    ensure(walk.count == index->parts().size(), "parts");
    return 0;
}
