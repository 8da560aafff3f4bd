// Transfer encodings, piece by piece: wherever the octets are cut, the decoded text and the verdict
// are the same. The first octet chooses the encoding.
#include "maild/base/ensure.hpp"
#include "maild/mail/text.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

using namespace maild;

namespace {

std::pair<std::string, bool> decode(std::string_view input, mail::TransferEncoding encoding,
                                    std::size_t piece) {
    mail::TransferDecoder decoder(encoding);
    std::string out;
    for (std::size_t begin = 0; begin < input.size(); begin += piece)
        decoder.update(input.substr(begin, piece), out);
    decoder.finish(out);
    return {std::move(out), decoder.is_damaged()};
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto encoding = data[0] % 2 == 0 ? mail::TransferEncoding::base64
                                           : mail::TransferEncoding::quoted_printable;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto whole = decode(input, encoding, size);
    ensure(whole.first.size() <= 2 * input.size() + 4, "decoding does not blow up");
    for (const auto piece : {std::size_t{1}, std::size_t{3}, std::size_t{7}})
        ensure(decode(input, encoding, piece) == whole, "the same wherever it is cut");
    return 0;
}
