#pragma once
// Needles against filters: what the stores answer narrow() with.

#include "store/gram_filter.hpp"
#include "store/index_block.hpp"
#include "store/shard.hpp"

#include "maild/store/message_store.hpp"

#include <cstdint>
#include <vector>

namespace maild::store {

// invalid_argument beyond the limits of one call.
Result<void> check_needles(const std::vector<Needle>& needles);

class NeedleProbes {
public:
    explicit NeedleProbes(const std::vector<Needle>& needles);

    // Bit i: the message may contain needle i.
    std::uint32_t candidates(const IndexEntry& entry) const;
    std::uint32_t all() const;

private:
    struct Probe {
        Where where;
        GramProbe grams;
    };
    std::vector<Probe> probes_;
};

// On a reader's thread.
Result<NarrowResult> narrow(Reading& reading, const Access& access, MailboxId mailbox,
                            const UidSet& uids, const std::vector<Needle>& needles);

} // namespace maild::store
