#pragma once
// Reading one segment from its file: checking a record, and finding all of them.

#include "store/pack_record.hpp"

#include "maild/base/error.hpp"
#include "maild/base/file.hpp"

#include <cstdint>
#include <functional>
#include <string_view>

namespace maild::store {

// What a scan found in one segment.
struct ScanReport {
    std::uint64_t records = 0;
    std::uint64_t end = 0;           // behind the last whole record
    std::uint64_t damaged_bytes = 0; // skipped between whole records: bit rot
    bool has_torn_tail = false;      // bytes behind `end` that are no record
};

using VisitRecord =
    std::function<Result<void>(const Location&, RecordKind, std::string_view metadata)>;

// The header of the segment in this file. corrupt: there is none.
Result<SegmentHeader> read_segment_header(const File& file);

// The record at `location`, which must have the lengths of the location, checked against all its
// checksums. corrupt.
Result<Record> read_record(const File& file, std::uint64_t salt, const Location& location);
// That a record with the lengths of the location begins there. corrupt.
Result<void> verify_record_header(const File& file, std::uint64_t salt, const Location& location);
// And that all its checksums are right; in pieces.
Result<void> verify_record(const File& file, std::uint64_t salt, const Location& location);

// See PackSet::scan(). An empty file has no records.
Result<ScanReport> scan_segment(const File& file, PackNumber number, const VisitRecord& visit);

} // namespace maild::store
