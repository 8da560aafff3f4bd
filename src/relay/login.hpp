#pragma once
// AUTH (RFC 4954) as client: SCRAM (RFC 5802, RFC 7677), PLAIN (RFC 4616), LOGIN.

#include "relay/conversation.hpp"

#include "maild/relay/session.hpp"

namespace maild::relay {

// Of the first mechanism of ours that is offered; empty: there is none.
std::string choose_mechanism(const Credentials& credentials, const Capabilities& offered);

net::Task<Result<void, Outcome>> log_in(Conversation& with, const Credentials& credentials,
                                        std::string mechanism, Random& random,
                                        std::chrono::milliseconds timeout);

} // namespace maild::relay
