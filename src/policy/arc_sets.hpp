#pragma once
// The ARC sets of a message and whether they form a chain (RFC 8617 §4.2, §5.2 steps 1 to 3).
// Views point into the content of the MessageHeader.

#include "policy/dkim_header.hpp"

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace maild::policy::arc {

struct Set {
    std::size_t results = 0; // fields of the header: ARC-Authentication-Results,
    std::size_t message = 0; // ARC-Message-Signature,
    std::size_t seal = 0;    // ARC-Seal
    dkim::Signature message_signature;
    dkim::Signature seal_signature;
};

// The chain from instance 1 on, empty if there is none. None: what is wrong with it, for people.
std::expected<std::vector<Set>, std::string> collect_sets(const dkim::MessageHeader& header);

// arc-info = instance [CFWS] ";" authres-payload: the instance. What the payload says is for
// whoever trusts the chain, and it need not be in good order.
std::optional<unsigned> results_instance(std::string_view body);

} // namespace maild::policy::arc
