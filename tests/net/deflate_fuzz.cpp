// Whatever a peer sends for DEFLATE: pieces stay bounded and an end is found; and what is packed is
// unpacked again, however it is cut.
#include "maild/base/ensure.hpp"
#include "maild/net/deflate.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    net::Inflater inflater;
    std::string_view rest = input;
    for (int pieces = 0; pieces < 1000 && (!rest.empty() || inflater.has_more()); ++pieces) {
        std::string out;
        const auto before = rest.size();
        const auto result = inflater.update(rest, out, 4096);
        ensure(out.size() <= 4096, "pieces are bounded");
        if (!result || inflater.is_over()) break;
        // A piece that was filled to its last octet may have been the last one.
        ensure(rest.size() < before || !out.empty() || rest.empty(), "it goes on");
        ensure(!inflater.has_more() || !out.empty(), "it ends");
    }
    net::Deflater deflater;
    std::string packed;
    const std::size_t cut = size == 0 ? 0 : data[0];
    deflater.update(input.substr(0, std::min(cut, size)), packed);
    deflater.update(input.substr(std::min(cut, size)), packed);
    deflater.finish(packed);
    net::Inflater back;
    std::string out;
    std::string_view packed_rest = packed;
    while (!back.is_over()) ensure(back.update(packed_rest, out, 100).has_value(), "it is ours");
    ensure(out == input, "the same comes back");
    return 0;
}
