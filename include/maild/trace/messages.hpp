#pragma once
// What workers and `control` say to the role `trace`.

#include "maild/ipc/codec.hpp"
#include "maild/ipc/message.hpp"
#include "maild/trace/query.hpp"
#include "maild/trace/store.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace maild::trace {

inline constexpr ipc::MessageType kKeep = 0x7301;   // Batch → Nothing; from workers
inline constexpr ipc::MessageType kSearch = 0x7302; // SearchRequest → SearchPage; from control

struct Entry {
    std::string record{};
    std::vector<std::uint64_t> keys{};
};
struct Batch {
    std::vector<Entry> entries{};
    std::uint64_t lost = 0; // records that the worker had no room for
};
struct SearchRequest {
    Query query{};
    SearchRange range{};
};

template <class Codec> void describe(Codec& codec, Entry& e) { codec(e.record, e.keys); }
template <class Codec> void describe(Codec& codec, Batch& b) { codec(b.entries, b.lost); }
template <class Codec> void describe(Codec& codec, SearchRequest& r) { codec(r.query, r.range); }

// What a worker says, held against the limits of record.hpp and store.hpp.
Result<Batch> decode_batch(std::string_view payload);

} // namespace maild::trace
