// Frames from a hostile peer: whole and octet by octet they must be the same, and none larger than
// the limits.
#include "ipc/frame.hpp"

#include "maild/base/ensure.hpp"

#include <cstdint>
#include <vector>

namespace {

using namespace maild;

std::vector<ipc::Frame> decode_all(std::string_view bytes, std::size_t segment,
                                   const ipc::Limits& limits) {
    ipc::FrameDecoder decoder(limits);
    std::vector<ipc::Frame> frames;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(segment, bytes.size()))) {
        auto in = bytes.substr(0, segment);
        for (;;) {
            auto frame = decoder.next(in);
            if (!frame) return frames;
            if (!*frame) break;
            frames.push_back(std::move(**frame));
        }
    }
    return frames;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    ipc::Limits limits;
    limits.max_payload = 4096;
    const auto whole = decode_all(bytes, size == 0 ? 1 : size, limits);
    const auto pieces = decode_all(bytes, 1, limits);
    ensure(whole.size() == pieces.size(), "segmentation changes the number of frames");
    for (std::size_t i = 0; i < whole.size(); ++i) {
        ensure(whole[i].header == pieces[i].header, "segmentation changes a header");
        ensure(whole[i].payload == pieces[i].payload && whole[i].blob == pieces[i].blob,
               "segmentation changes a frame");
        ensure(whole[i].payload.size() <= limits.max_payload, "payload over its limit");
        ensure(whole[i].blob.size() <= ipc::Blob::kMaxInline, "blob over its limit");
        ensure(ipc::parse_header(ipc::format_header(whole[i].header), limits).has_value(),
               "header does not go back");
    }
    return 0;
}
