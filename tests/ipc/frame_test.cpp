#include "ipc/frame.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace maild::ipc {
namespace {

std::string frame_bytes(Header header, std::string_view payload, std::string_view blob = {}) {
    header.length = static_cast<std::uint32_t>(payload.size() + blob.size());
    header.blob = static_cast<std::uint32_t>(blob.size());
    const auto bytes = format_header(header);
    return std::string(bytes.data(), bytes.size()) + std::string(payload) + std::string(blob);
}

Header request(std::uint32_t id, MessageType type) {
    Header header;
    header.id = id;
    header.type = type;
    return header;
}

// The frames of `bytes` given in segments, or the error as the last entry.
std::vector<std::string> decode_all(std::string_view bytes, std::size_t segment,
                                    const Limits& limits = {}) {
    FrameDecoder decoder(limits);
    std::vector<std::string> seen;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(segment, bytes.size()))) {
        auto in = bytes.substr(0, segment);
        for (;;) {
            auto frame = decoder.next(in);
            if (!frame) {
                seen.push_back("error");
                return seen;
            }
            if (!*frame) break;
            seen.push_back(std::to_string((*frame)->header.id) + ":" + (*frame)->payload + ":" +
                           (*frame)->blob);
        }
        EXPECT_TRUE(in.empty());
    }
    return seen;
}

TEST(Frame, IsTheSameInEverySegmentation) {
    const auto bytes = frame_bytes(request(1, 7), "one") + frame_bytes(request(2, 7), "") +
                       frame_bytes(request(3, 7), "payload", "blob") +
                       frame_bytes(request(4, 7), "", "only a blob");
    const std::vector<std::string> want = {"1:one:", "2::", "3:payload:blob", "4::only a blob"};
    for (std::size_t segment = 1; segment <= bytes.size(); ++segment) {
        EXPECT_EQ(decode_all(bytes, segment), want) << segment;
    }
}

TEST(Frame, HeaderGoesThereAndBack) {
    Header header{100, 0xdeadbeef, 0xfeed, Kind::error, kBlobFd, 0};
    EXPECT_EQ(parse_header(format_header(header), {}).value(), header);
    header.kind = Kind::event;
    header.id = 0;
    EXPECT_EQ(parse_header(format_header(header), {}).value(), header);
}

struct MalformedCase {
    const char* name;
    std::function<void(Header&)> spoil;
};

TEST(Frame, RefusesWhatNoCorrectPeerSends) {
    const MalformedCase cases[] = {
        {"unknown kind", [](Header& h) { h.kind = static_cast<Kind>(4); }},
        {"length 2^32-1", [](Header& h) { h.length = 0xffffffff; }},
        {"payload over the limit", [](Header& h) { h.length = 1001; }},
        {"blob larger than all", [](Header& h) { h.blob = h.length + 1; }},
        {"inline blob over the limit", [](Header& h) { h.length = h.blob = Blob::kMaxInline + 1; }},
        {"two blobs", [](Header& h) { h.blob = 1, h.fds = kBlobFd; }},
        {"unknown descriptors", [](Header& h) { h.fds = 4; }},
        {"descriptor not wanted", [](Header& h) { h.fds = kOtherFd; }},
        {"request without id", [](Header& h) { h.id = 0; }},
        {"event with id", [](Header& h) { h.kind = Kind::event; }},
    };
    Limits limits;
    limits.max_payload = 1000;
    Header good = request(1, 1);
    good.length = 1000;
    EXPECT_TRUE(parse_header(format_header(good), limits));
    for (const auto& c : cases) {
        auto header = good;
        c.spoil(header);
        const auto got = parse_header(format_header(header), limits);
        ASSERT_FALSE(got) << c.name;
        EXPECT_EQ(got.error().code, Errc::protocol_error) << c.name;
    }
}

TEST(Frame, StopsAtTheFirstMalformedOne) {
    auto bad = request(2, 1);
    bad.kind = static_cast<Kind>(9);
    const auto bytes = frame_bytes(request(1, 1), "x") + frame_bytes(bad, "y");
    EXPECT_EQ(decode_all(bytes, 5), (std::vector<std::string>{"1:x:", "error"}));
}

} // namespace
} // namespace maild::ipc
