// A segment of arbitrary bytes: opening, scanning and reading it never crash, every record that a
// scan reports is readable and verifies, and the set goes on. The first byte chooses how much of a
// true segment stands before the input, so that the bytes reach what is behind the checksums.

#include "store/pack.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_disk.hpp"

#include "maild/base/ensure.hpp"

#include <algorithm>

namespace {

using namespace maild;
using namespace maild::store;

const std::string kPath = "/pack/0000000001.pk";

// A directory with one segment of three records.
void prepare(test::FaultyDisk& disk, Random& random) {
    ensure(disk.make_directory("/pack").has_value());
    auto packs = PackSet::open(disk, random, "/pack");
    const RecordView records[] = {{RecordKind::message, "first", "body of the first\r\n"},
                                  {RecordKind::note, "", ""},
                                  {RecordKind::message, "third", "REC\n"}};
    ensure((*packs)->append(records).has_value());
}

// Puts the input behind a prefix of the segment, or over its end.
void spoil(test::FaultyDisk& disk, std::uint8_t choice, std::string_view input) {
    auto file = disk.open(kPath, OpenMode::read_write);
    const auto size = (*file)->size().value();
    const std::uint64_t keep = choice == 0 ? 0 : size - std::min<std::uint64_t>(size, choice - 1U);
    ensure((*file)->truncate(keep).has_value());
    ensure((*file)->write_at(keep, {{input}}).has_value());
}

void check(const PackSet& packs) {
    std::uint64_t seen = 0;
    std::uint64_t end = 0;
    const auto visit = [&](const Location& at, RecordKind kind, std::string_view metadata) {
        ensure(at.offset >= end, "records do not overlap");
        end = at.end();
        const auto record = packs.read_verified(at);
        ensure(record && record->kind == kind && record->metadata == metadata, "readable");
        ensure(packs.verify(at).has_value());
        ++seen;
        return Result<void>();
    };
    const auto report = packs.scan(PackNumber(1), visit);
    ensure(report ? report->records == seen : report.error().code == Errc::corrupt);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    test::FaultyDisk disk;
    test::SeededRandom random(1);
    prepare(disk, random);
    spoil(disk, data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
    auto packs = PackSet::open(disk, random, "/pack");
    ensure(packs.has_value());
    check(**packs);
    const RecordView records[] = {{RecordKind::message, "after", "body"}};
    const auto added = (*packs)->append(records);
    ensure(added && added->at(0).pack == PackNumber(2) && (*packs)->verify(added->at(0)));
    return 0;
}
