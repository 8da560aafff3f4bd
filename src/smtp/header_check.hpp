#pragma once
// What is judged of a message's header section before it is offered to the backend.

#include "maild/smtp/reply.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace maild::smtp {

struct HeaderFacts {
    std::size_t header_size = 0; // octets up to and with the empty line
    std::optional<Reply> refusal;
    // Unfolded, and no longer than the trace keeps them; empty where there is no such field.
    std::string message_id;
    std::string from;
    std::string subject;
};

// 554 5.6.0 when a limit of maild/mail/header.hpp is passed; 554 5.4.6 for more than
// `received_fields` Received fields: the mail runs in circles (RFC 5321 §6.3).
HeaderFacts check_header(std::string_view content, unsigned received_fields);

} // namespace maild::smtp
