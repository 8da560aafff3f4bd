#pragma once
// Which shards failed to write, and when: what one owner of the shards leaves to the next, because
// it ends with the failure (DESIGN: failure). A shard that fails a second time within ten minutes
// has a disk that is not to be trusted: it is read-only until the record is forgotten. Steady time:
// it goes on from process to process, until the host starts anew.

#include "maild/base/clock.hpp"
#include "maild/base/ids.hpp"

#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace maild::store {

inline constexpr std::chrono::minutes kFaultWindow{10};

class FaultRecord {
public:
    void add(ShardId shard, SteadyTime now);
    bool is_read_only(ShardId shard) const;

    // As octets, to be kept by whoever outlives the owner. What is not a record reads as an empty
    // one.
    std::string format() const;
    static FaultRecord parse(std::string_view bytes);

private:
    struct Fault {
        std::chrono::milliseconds at{}; // the last one
        bool is_second = false;
    };
    std::map<ShardId, Fault> faults_;
};

} // namespace maild::store
