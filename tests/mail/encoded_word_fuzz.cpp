// Text: whatever the octets, the result is valid UTF-8; decoders give the same in one piece and in
// many.
#include "maild/base/ensure.hpp"
#include "maild/base/utf8.hpp"
#include "maild/mail/text.hpp"

#include <cstdint>

using namespace maild;
using namespace maild::mail;

namespace {

void check_pieces(std::string_view bytes, TransferEncoding encoding) {
    TransferDecoder decoder(encoding);
    std::string out;
    for (const char& c : bytes) decoder.update({&c, 1}, out);
    decoder.finish(out);
    ensure(out == decode_transfer(bytes, encoding), "pieces");
    ensure(out.size() <= bytes.size(), "no more than there was");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto decoded = decoded_header_text(text);
    ensure(is_utf8(decoded), "header text");
    ensure(is_utf8(collation_key(decoded)) && is_utf8(collation_key(text)), "folded");
    const auto line = text.find('\n'); // "charset LF octets"
    if (line != std::string_view::npos) {
        ensure(is_utf8(to_utf8(text.substr(line + 1), text.substr(0, line))), "charset");
    }
    check_pieces(text, TransferEncoding::base64);
    check_pieces(text, TransferEncoding::quoted_printable);
    for (const auto& [name, value] : decode_parameters(parse_parameterized(text).parameters)) {
        ensure(is_utf8(value), "parameter");
    }
    return 0;
}
