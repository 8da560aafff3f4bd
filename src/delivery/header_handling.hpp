#pragma once
// What a message's own header section asks of the hosts on its way, where the envelope says
// nothing.

#include "maild/queue/envelope.hpp"

#include <string_view>

namespace maild::delivery {

// "TLS-Required: No" (RFC 8689 §4.1) unless REQUIRETLS was said; MT-Priority (RFC 6758) if
// `reads_priority`, for whoever may set one. A field that is there twice says nothing.
void add_header_handling(std::string_view content, bool reads_priority, queue::Handling& handling);

} // namespace maild::delivery
