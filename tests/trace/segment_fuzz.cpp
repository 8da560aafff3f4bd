// A file of traces, whatever it has become: a first octet of 0 gives the rest as a file, any other
// as the keys and records of one block, whose checksums are put right so that the parsers get to
// see them.
#include "support/fake_clock.hpp"
#include "support/faulty_disk.hpp"
#include "trace/segment.hpp"

#include "maild/base/crc32c.hpp"
#include "maild/base/ensure.hpp"
#include "maild/trace/store.hpp"

namespace maild::trace {
namespace {

void read_file(std::string_view bytes) {
    test::FaultyDisk disk;
    test::FakeClock clock;
    ensure(disk.make_directory("/t").has_value());
    {
        auto file = disk.open("/t/00000000000000000001.trace", OpenMode::create_new);
        ensure(file.has_value() && (*file)->write_at(0, std::span(&bytes, 1)).has_value());
    }
    auto store = Store::open(disk, clock, {.directory = "/t", .bounds = {.min_free = 0}});
    ensure(store.has_value(), "whatever is there, it opens");
    (void)(*store)->search({.any_id = "x"}, {});
    const auto before = (*store)->search({}, {.limit = 1'000'000});
    Record record;
    record.id = "here";
    record.time = clock.now();
    (*store)->add(format_record(record), keys_of(record));
    ensure((*store)->flush().has_value() && !(*store)->search({.any_id = "here"}, {}).found.empty(),
           "and goes on");
}

void read_block(std::string_view bytes) {
    const auto middle = bytes.size() / 2;
    BlockHeader header{.key_octets = static_cast<std::uint32_t>(middle),
                       .record_octets = static_cast<std::uint32_t>(bytes.size() - middle),
                       .key_crc = crc32c(bytes.substr(0, middle)),
                       .record_crc = crc32c(bytes.substr(middle))};
    (void)parse_header(bytes);
    (void)parse_keys(header, bytes.substr(0, middle));
    for (header.count = 0; header.count < 4; ++header.count)
        (void)parse_records(header, bytes.substr(middle));
}

} // namespace
} // namespace maild::trace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (input.empty()) return 0;
    if (input.front() == 0)
        maild::trace::read_file(input.substr(1));
    else
        maild::trace::read_block(input.substr(1));
    return 0;
}
