#include "maild/net/deflate.hpp"

#include "maild/base/ensure.hpp"

#include <new>
#include <zlib.h>

namespace maild::net {

namespace {

constexpr int kLevel = 3;        // most of the gain for the least work, RFC 4978 §4
constexpr int kWindowBits = -13; // below 0: no header; 8 KiB of history are enough for responses
constexpr int kMemoryLevel = 6;
constexpr int kPeersWindowBits = -15; // whatever a peer uses
constexpr std::size_t kStep = 16 * 1024;

void check(int code) {
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    ensure(code == Z_OK, "zlib");
}

Bytef* octets(const char* text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text)); }

} // namespace

struct Deflater::State {
    State() {
        check(::deflateInit2(&stream, kLevel, Z_DEFLATED, kWindowBits, kMemoryLevel,
                             Z_DEFAULT_STRATEGY));
    }
    ~State() { ::deflateEnd(&stream); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    void run(std::string_view bytes, int flush, std::string& out) {
        stream.next_in = octets(bytes.data());
        stream.avail_in = static_cast<uInt>(bytes.size());
        do {
            const auto size = out.size();
            out.resize(size + kStep);
            stream.next_out = octets(out.data() + size);
            stream.avail_out = kStep;
            ::deflate(&stream, flush); // Z_BUF_ERROR: there was nothing left to do
            out.resize(out.size() - stream.avail_out);
        } while (stream.avail_out == 0);
    }

    z_stream stream{};
};

Deflater::Deflater() : state_(std::make_unique<State>()) {}
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater& Deflater::operator=(Deflater&&) noexcept = default;
Deflater::~Deflater() = default;

void Deflater::update(std::string_view bytes, std::string& out) {
    constexpr std::size_t kMost = 1U << 30; // uInt holds it
    for (; bytes.size() > kMost; bytes.remove_prefix(kMost))
        state_->run(bytes.substr(0, kMost), Z_NO_FLUSH, out);
    state_->run(bytes, Z_SYNC_FLUSH, out);
}

void Deflater::finish(std::string& out) { state_->run({}, Z_FINISH, out); }

struct Inflater::State {
    State() { check(::inflateInit2(&stream, kPeersWindowBits)); }
    ~State() { ::inflateEnd(&stream); }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    z_stream stream{};
};

Inflater::Inflater() : state_(std::make_unique<State>()) {}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

Result<void> Inflater::update(std::string_view& in, std::string& out, std::size_t at_most) {
    auto& stream = state_->stream;
    const auto size = out.size();
    out.resize(size + at_most);
    stream.next_in = octets(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = octets(out.data() + size);
    stream.avail_out = static_cast<uInt>(at_most);
    const auto code = ::inflate(&stream, Z_SYNC_FLUSH);
    in.remove_prefix(in.size() - stream.avail_in);
    out.resize(out.size() - stream.avail_out);
    has_more_ = stream.avail_out == 0;
    is_over_ = code == Z_STREAM_END;
    if (code == Z_MEM_ERROR) throw std::bad_alloc();
    // Z_BUF_ERROR: it needs more input, or all was had.
    if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR) return {};
    return fail(Errc::protocol_error, "this is no DEFLATE");
}

} // namespace maild::net
