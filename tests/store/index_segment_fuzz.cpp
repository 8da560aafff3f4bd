// A file of the search index, whatever it has become: a first octet of 0 gives the rest as a file,
// any other as one block, whose length and checksum are put right so that the parser gets to see
// it.
#include "store/index_segment.hpp"
#include "store/little_endian.hpp"
#include "support/faulty_disk.hpp"

#include "maild/base/crc32c.hpp"
#include "maild/base/ensure.hpp"

#include <algorithm>

namespace maild::store {
namespace {

void read_file(std::string_view bytes) {
    test::FaultyDisk disk;
    auto file = disk.open("/x", OpenMode::create_new);
    ensure(file.has_value() && (*file)->write_at(0, std::span(&bytes, 1)).has_value());
    const auto segment = IndexSegment::open(disk, "/x");
    std::string buffer;
    for (std::size_t i = 0; segment && i < (*segment)->blocks().size(); ++i) {
        const auto entries = (*segment)->read(i, buffer);
        ensure(!entries || !entries->empty(), "a block has entries");
    }
}

std::string corrected(std::string_view bytes) {
    std::string block(bytes);
    block.resize(std::max<std::size_t>(block.size(), 16));
    std::string head = "FTB\n";
    append_number(head, static_cast<std::uint32_t>(block.size()));
    block.replace(0, head.size(), head);
    const std::string_view view = block;
    std::string crc;
    append_number(crc, crc32c(view.substr(16), crc32c(view.substr(0, 12))));
    return block.replace(12, crc.size(), crc);
}

void read_block(std::string_view bytes) {
    const auto block = corrected(bytes);
    const auto entries = parse_block(block);
    if (!entries) return;
    BlockBuilder builder;
    std::int64_t before = 0;
    for (const auto& entry : *entries) {
        ensure(entry.content > before, "ids ascend");
        before = entry.content;
        builder.add(entry);
    }
    if (entries->empty()) return;
    const auto again = builder.take();
    const auto same = parse_block(again);
    ensure(same && same->size() == entries->size(), "what was read can be written");
    for (std::size_t i = 0; i < same->size(); ++i)
        ensure((*same)[i].body == (*entries)[i].body && (*same)[i].check == (*entries)[i].check);
}

} // namespace
} // namespace maild::store

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (input.empty()) return 0;
    if (input.front() == 0)
        maild::store::read_file(input.substr(1));
    else
        maild::store::read_block(input.substr(1));
    return 0;
}
