#pragma once
// The bytes of a message body on their way between processes: small ones inside the frame, larger
// ones in a sealed memfd whose descriptor is passed, so that they are copied once however many
// processes look at them. The receiver checks seals and size before it maps anything: a hostile
// sender can neither change nor shrink what is being read (no SIGBUS, no time-of-check games).
// Cheap to copy: copies share the bytes, which never change.

#include "maild/base/error.hpp"
#include "maild/base/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace maild::ipc {

class Blob {
public:
    static constexpr std::size_t kMaxInline = 128 * 1024;

    Blob() = default; // empty
    // Kept inside up to kMaxInline octets, copied into a memfd beyond. Errc::io when there is no
    // memory for that.
    static Result<Blob> create(std::string bytes);
    static Result<Blob> copy(std::string_view bytes); // the same, of what stays where it is
    // The same, of octets that nobody needs any more: their memory is given back piece by piece as
    // they are copied, so that no message is held twice. What stands there afterwards is undefined.
    static Result<Blob> take(std::span<char> octets);
    // A memfd from elsewhere. Errc::protocol_error unless it is sealed against everything and has
    // at most `limit` octets.
    static Result<Blob> adopt(UniqueFd memfd, std::uint64_t limit);

    std::string_view view() const; // lives as long as any copy of this Blob
    std::size_t size() const { return view().size(); }
    bool empty() const { return view().empty(); }
    int descriptor() const; // -1 when the bytes are inline

private:
    friend class BlobWriter;
    class Body;
    explicit Blob(std::shared_ptr<const Body> body) : body_(std::move(body)) {}
    std::shared_ptr<const Body> body_;
};

// Builds a Blob piece by piece, as a message comes in: nothing beyond kMaxInline octets stays in
// this process's heap.
class BlobWriter {
public:
    Result<void> append(std::string_view bytes); // after an error only destruction makes sense
    std::uint64_t size() const { return written_ + pending_.size(); }
    Result<Blob> finish(); // the writer is empty afterwards

private:
    Result<void> spill();

    std::string pending_;
    UniqueFd memfd_;
    std::uint64_t written_ = 0; // octets in memfd_
};

} // namespace maild::ipc
