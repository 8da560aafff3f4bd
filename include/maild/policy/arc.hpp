#pragma once
// The Authenticated Received Chain on a message (RFC 8617 §5.2), validated; sealing is not done
// here. Pure as dkim.hpp is, with the same BodyHashes and key answers. A chain that cannot be
// validated has failed for good, also when the DNS did not answer (§5.2.1). Bounded: 50 sets, one
// signature for each and one more, each header field hashed a fixed number of times. Views into the
// header section must stay until the verdict is there.

#include "maild/policy/dkim.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace maild::policy::arc {

inline constexpr unsigned kMaxInstances = 50; // §4.2.1

enum class ChainStatus : std::uint8_t { none, fail, pass }; // §4.4
std::string_view name_of(ChainStatus status);

// Who has sealed, as the seal says.
struct Seal {
    unsigned instance = 0;
    std::string domain;
    std::string selector;
};

struct Verdict {
    ChainStatus status = ChainStatus::none;
    std::string reason;        // for people
    std::vector<Seal> seals{}; // from the first on, unless the chain's structure is broken
    // The chain has failed, and a key that it needs was not told by the DNS: later it may pass.
    bool is_undecided = false;
    // What the newest seal's owner says of the message that he got: the payload of his
    // ARC-Authentication-Results, as Authentication-Results has it. For who trusts him.
    std::string results{};
    // The name of a field that is shown and stands there more often than he has signed it.
    std::string added_field{};
};

class Validation {
public:
    Validation(std::string_view header, dkim::BodyHashes& hashes, const dkim::Options& options);
    Validation(std::shared_ptr<const dkim::MessageHeader> header, dkim::BodyHashes& hashes,
               const dkim::Options& options);
    ~Validation();
    Validation(const Validation&) = delete;
    Validation& operator=(const Validation&) = delete;

    // Both after hashes.finish(). Names of TXT records, each once; none if the chain is broken
    // whatever the keys are.
    std::vector<std::string> questions() const;
    Verdict verdict(const dkim::KeyAnswers& answers) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// The whole of it for a content in memory. Both outlive the task.
net::Task<Verdict> validate(net::Resolver& resolver, std::string_view content,
                            dkim::Options options);

} // namespace maild::policy::arc
