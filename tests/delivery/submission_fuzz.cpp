// Submitted headers: no octet breaks the reading, and what is added reads as what it is.
#include "maild/base/ensure.hpp"
#include "maild/delivery/submission.hpp"

#include <cstdint>
#include <string>

using namespace maild;
using namespace maild::delivery;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view content(reinterpret_cast<const char*>(data), size);
    const auto read = read_submission(content);
    if (!read) return 0;
    ensure(!read->authors.empty(), "an author");
    const auto blind = blind_fields(*read, content);
    for (const auto& field : mail::parse_header(blind).fields)
        ensure(field.is("Bcc") || field.is("Resent-Bcc"), "nothing but blind fields");
    const auto added = missing_fields(*read, "u", "h.example", WallTime{});
    const auto again = read_submission(added + std::string(content));
    ensure(again.has_value() && again->has_date && again->has_message_id, "nothing is missing");
    ensure(missing_fields(*again, "u", "h.example", WallTime{}).empty(), "nothing is added twice");
    ensure(again->authors == read->authors, "the same authors");
    return 0;
}
