// Any bytes, cut in any way, are the same lines to the reader, and never more of them in memory
// than its limits say. The first octet of the input chooses how the rest is cut.
#include "support/streams.hpp"

#include "maild/base/ensure.hpp"
#include "maild/net/line_reader.hpp"

#include <cstdint>

namespace {

using namespace maild;

net::Task<std::string> read_all(net::Stream& stream) {
    net::LineReader in(stream, 20, 30);
    std::string seen;
    for (;;) {
        const auto line = co_await in.next(std::chrono::seconds(5));
        if (!line) co_return seen + std::string(name_of(line.error().code));
        ensure(line->text.size() <= 20, "a line longer than its limit");
        ensure(!line->text.contains("\r\n"), "a line with a line end inside");
        seen += std::string(line->text) + (line->too_long ? "|long" : "|") +
                (line->has_nul ? "|nul" : "|") + (line->has_bare_cr_or_lf ? "|bare" : "|") + "\n";
    }
}

std::string read_in_segments(std::string_view input, std::size_t segment) {
    boost::asio::io_context io(1);
    auto ends = test::make_stream(io);
    auto seen = std::make_shared<std::optional<std::string>>();
    net::spawn(io, test::keep_result(read_all(ends.stream), seen), "reader");
    for (; !input.empty() && !seen->has_value();
         input.remove_prefix(std::min(segment, input.size()))) {
        test::send_all(ends.peer.get(), input.substr(0, segment));
        io.poll();
    }
    ends.peer.reset();
    test::run_until(io, [&] { return seen->has_value(); });
    return **seen;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 4096) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t segment = data[0] % 40 + 1;
    ensure(read_in_segments(input, 4096) == read_in_segments(input, segment),
           "segmentation changes the lines");
    return 0;
}
