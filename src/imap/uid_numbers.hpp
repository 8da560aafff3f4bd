#pragma once
// Sets of UIDs between the store and the wire.

#include "imap/respond.hpp"

#include "maild/store/types.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace maild::imap {

// One by one; only for sets of messages that exist.
std::vector<std::uint32_t> numbers_of(const store::UidSet& uids);
void append_uid_set(std::string& out, const store::UidSet& uids); // "1:3,5"
// The first ranges, as many as one call of the store should be given; the rest is left.
store::UidSet take_some(store::UidSet& uids);
// The part of it from `first` on.
store::UidSet from(const store::UidSet& uids, Uid first);
// For APPEND, COPY and MOVE: a mailbox that could be created is [TRYCREATE] (RFC 9051 §7.1).
Response response_for_destination(Errc code);

} // namespace maild::imap
