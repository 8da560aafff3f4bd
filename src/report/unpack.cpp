#include "report/unpack.hpp"

#include "maild/base/ensure.hpp"

#include <algorithm>
#include <new>
#include <utility>
#include <zlib.h>

namespace maild::report {
namespace {

constexpr int kRaw = -15;       // window bits, below 0: no header
constexpr int kGzip = 15 + 16;  // with gzip's header and checksum
constexpr int kMemoryLevel = 8; // zlib's own
constexpr std::size_t kStep = 64 * 1024;
constexpr int kMaxMembers = 1000; // of a gzip file

Bytef* octets(const char* text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text)); }

void check(int code) {
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    ensure(code == Z_OK, "zlib");
}

class Inflation {
public:
    explicit Inflation(int window_bits) { check(::inflateInit2(&stream_, window_bits)); }
    ~Inflation() { ::inflateEnd(&stream_); }
    Inflation(const Inflation&) = delete;
    Inflation& operator=(const Inflation&) = delete;

    // One stream, off the beginning of `in`; `out` stays within `limit`.
    Result<void> run(std::string_view& in, std::string& out, std::size_t limit) {
        check(::inflateReset(&stream_));
        stream_.next_in = octets(in.data());
        stream_.avail_in = static_cast<uInt>(in.size());
        for (;;) {
            const auto size = out.size();
            // One octet more than is allowed, so that what is just at the limit can end.
            const auto room = std::min(kStep, limit + 1 - size);
            out.resize(size + room);
            stream_.next_out = octets(out.data() + size);
            stream_.avail_out = static_cast<uInt>(room);
            const auto code = ::inflate(&stream_, Z_NO_FLUSH);
            out.resize(out.size() - stream_.avail_out);
            if (code == Z_MEM_ERROR) throw std::bad_alloc();
            if (out.size() > limit) return fail(Errc::too_large, "unpacked, it is too large");
            if (code == Z_STREAM_END) break;
            if (code != Z_OK) return fail(Errc::protocol_error, "the packing is damaged");
        }
        in.remove_prefix(in.size() - stream_.avail_in);
        return {};
    }

private:
    z_stream stream_{};
};

bool is_gzip(std::string_view file) { return file.starts_with("\x1f\x8b"); }
bool is_zip(std::string_view file) { return file.starts_with("PK\x03\x04"); }

Result<std::vector<std::string>> unpack_once(std::string_view file, std::size_t limit) {
    if (is_zip(file)) return unpack_zip(file, limit);
    auto plain = unpack_gzip(file, limit);
    if (!plain) return std::unexpected(plain.error());
    std::vector<std::string> files;
    files.push_back(std::move(*plain));
    return files;
}

Result<std::vector<std::string>> unpack_all(std::string_view file, std::size_t limit, int depth) {
    std::vector<std::string> out;
    if (!is_gzip(file) && !is_zip(file)) {
        if (file.size() > limit) return fail(Errc::too_large, "it is too large");
        out.emplace_back(file);
        return out;
    }
    if (depth == kMaxPackings) return fail(Errc::protocol_error, "packed too often");
    const auto files = unpack_once(file, limit);
    if (!files) return std::unexpected(files.error());
    for (const auto& inner : *files) {
        auto plain = unpack_all(inner, limit, depth + 1);
        if (!plain) return plain;
        for (auto& text : *plain) {
            if (text.size() > limit) return fail(Errc::too_large, "unpacked, it is too large");
            limit -= text.size();
            out.push_back(std::move(text));
        }
    }
    return out;
}

} // namespace

Result<std::vector<std::string>> unpack(std::string_view file, std::size_t limit) {
    return unpack_all(file, limit, 0);
}

// A file may be several that were joined (RFC 1952 §2.2); what else stands behind is left.
Result<std::string> unpack_gzip(std::string_view file, std::size_t limit) {
    Inflation inflation(kGzip);
    std::string out;
    for (int i = 0; i < kMaxMembers; ++i) {
        if (const auto done = inflation.run(file, out, limit); !done)
            return std::unexpected(done.error());
        if (!is_gzip(file)) return out;
    }
    return fail(Errc::too_large, "packed in too many pieces");
}

Result<std::string> inflate_raw(std::string_view packed, std::size_t limit) {
    Inflation inflation(kRaw);
    std::string out;
    if (const auto done = inflation.run(packed, out, limit); !done)
        return std::unexpected(done.error());
    return out;
}

std::string pack_gzip(std::string_view bytes) {
    z_stream stream{};
    check(::deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, kMemoryLevel,
                         Z_DEFAULT_STRATEGY));
    std::string out(::deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
    stream.next_in = octets(bytes.data());
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = octets(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const auto code = ::deflate(&stream, Z_FINISH);
    out.resize(out.size() - stream.avail_out);
    ::deflateEnd(&stream);
    ensure(code == Z_STREAM_END, "zlib");
    return out;
}

} // namespace maild::report
