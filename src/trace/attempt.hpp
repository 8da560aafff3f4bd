#pragma once
// Records of what the role `sender` has tried: service "sender", the queue's number as the id, the
// destination where a client's greeting stands. Each recipient has one place: the host that spoke,
// and as its reason "sent", "deferred until …" or "failed".

#include "maild/trace/explain.hpp"

#include <string>
#include <vector>

namespace maild::trace {

bool is_attempt(const Record& record);
RecipientFate fate_of_attempt(const Recipient& recipient);
std::vector<std::string> story_of_attempt(const Record& record);

} // namespace maild::trace
