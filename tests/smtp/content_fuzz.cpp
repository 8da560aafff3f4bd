// Any content in any pieces gives what a slow and simple reader of the whole gives. The first octet
// decides the pieces.
#include "smtp/content_reader.hpp"

#include "maild/base/ensure.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace maild;

constexpr std::uint64_t kLimit = 4096;

// The content of well-formed bytes that end; none for everything else.
std::optional<std::string> read_simply(std::string_view bytes) {
    const auto wire = "\r\n" + std::string(bytes);
    const auto end = wire.find("\r\n.\r\n");
    if (end == std::string::npos) return std::nullopt;
    const auto lines = wire.substr(0, end + 2);
    std::string content;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const bool is_line_end = lines[i] == '\r' && i + 1 < lines.size() && lines[i + 1] == '\n';
        if (lines[i] == '\0' || (!is_line_end && (lines[i] == '\r' || lines[i] == '\n')))
            return std::nullopt;
        if (!is_line_end) {
            content += lines[i];
            continue;
        }
        content += "\r\n";
        ++i;
        if (i + 1 < lines.size() && lines[i + 1] == '.') ++i;
    }
    content.erase(0, 2);
    if (content.size() > kLimit) return std::nullopt;
    return content;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = std::size_t(data[0]) + 1;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    net::MemoryBudget budget(1 << 20);
    smtp::ContentReader reader(kLimit, budget);
    for (std::size_t at = 0; at < bytes.size() && !reader.is_finished();) {
        const auto taken = reader.push(bytes.substr(at, piece));
        ensure(taken > 0, "no progress");
        at += taken;
    }
    const auto want = read_simply(bytes);
    const bool is_good = reader.is_finished() && reader.flaw() == smtp::Flaw::none;
    ensure(is_good == want.has_value(), "well-formed or not");
    ensure(!want || reader.content() == *want, "the same content");
    ensure(reader.content().size() <= kLimit, "limit");
    smtp::ContentReader binary(kLimit, budget, smtp::Framing::binary);
    ensure(binary.push(bytes) == bytes.size(), "all of it");
    binary.finish();
    ensure(binary.flaw() == smtp::Flaw::none ? binary.content() == bytes : bytes.size() > kLimit,
           "octet for octet");
    return 0;
}
