// Input: one octet says how long the pieces are; then a message. What the converter makes of it has
// no octet above 127 (or there is an obstacle), says the same however it was cut, and as the
// encoder sends it, it is lines.
#include "relay/encoder.hpp"
#include "relay/seven_bit.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/ensure.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

using namespace maild;
using namespace maild::relay;

static void put_pieces(auto& sink, std::string_view text, std::size_t piece) {
    for (std::size_t at = 0; at < text.size(); at += piece) sink.put(text.substr(at, piece));
    sink.finish();
}

static std::string converted(std::string_view text, std::vector<bool> bodies, std::size_t piece) {
    std::string out;
    SevenBitConverter converter(std::move(bodies), out);
    put_pieces(converter, text, piece);
    return out;
}

static std::string encoded(std::string_view text, std::size_t piece) {
    std::string out;
    ContentEncoder encoder(true);
    for (std::size_t at = 0; at < text.size(); at += piece)
        encoder.put(text.substr(at, piece), out);
    encoder.finish(out);
    return out;
}

static void check_lines(std::string_view text) {
    ensure(text.empty() || text.ends_with("\r\n"));
    while (!text.empty()) {
        const auto end = text.find("\r\n");
        const auto line = text.substr(0, end);
        ensure(line.find_first_of("\r\n") == line.npos);
        ensure(line.size() <= kMaxContentLine + 1 && line != ".");
        text.remove_prefix(end + 2);
    }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = data[0] + 1U;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    check_lines(encoded(text, piece));
    ensure(encoded(text, piece) == encoded(text, text.size() + 1), "cuts do not count");
    EightBitScan scan;
    put_pieces(scan, text, piece);
    const auto headers_alone = converted(text, {}, piece);
    if (!scan.has_8bit() && scan.obstacle().empty()) ensure(headers_alone == text);
    if (!scan.obstacle().empty()) return 0;
    const auto out = converted(text, scan.bodies(), piece);
    ensure(std::ranges::none_of(out, ascii::is_8bit), "no octet above 127 is left");
    ensure(out == converted(text, scan.bodies(), text.size() + 1), "cuts do not count");
    check_lines(encoded(out, piece));
    return 0;
}
