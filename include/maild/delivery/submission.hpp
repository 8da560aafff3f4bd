#pragma once
// What submission does to a message that its user wrote (RFC 6409 §8): who says that he wrote it,
// which fields are missing, and which must not go out. Nothing in the message is touched: fields
// that are added stand above it, and whoever delivers takes the others out. Pure.
//
// RFC 6409 lets Date, Message-ID and Sender be added. From is not among them: only the user knows
// as whom he writes, and what a program without a From meant to send is anybody's guess. So a
// message without it is refused, and so is one whose authors cannot be told for certain.

#include "maild/base/clock.hpp"
#include "maild/mail/address.hpp"
#include "maild/mail/header.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::delivery {

enum class SubmissionFlaw : std::uint8_t {
    no_author,      // without From
    several_from,   // RFC 5322 §3.6: once at most, as Sender
    bad_from,       // no list of mailboxes, see mail/mailbox_list.hpp
    several_sender, // likewise
    bad_sender,     // one mailbox
};

struct SubmittedHeader {
    std::vector<mail::Address> authors; // of From; one at least
    std::optional<mail::Address> sender;
    bool has_date = false;
    bool has_message_id = false;
    // Bcc and Resent-Bcc, see is_blind(): views into the content.
    std::vector<mail::HeaderField> blind;

    // Whoever the message says it is from, by From and Sender, once each.
    std::vector<std::string> claimed() const;
};

// Who else gets the message, and that nobody is to know: RFC 5322 §3.6.3, §3.6.6.
bool is_blind(const mail::HeaderField& field);

// `header`: the content, or its header section.
std::expected<SubmittedHeader, SubmissionFlaw> read_submission(std::string_view header);

// The fields that are missing, each with CRLF: Date (RFC 6409 §8.2), Message-ID (§8.3) as
// "<unique@hostname>", and Sender, if there are several authors and none is said to have sent it
// (RFC 5322 §3.6.2): then the first. Empty for a message that has them.
std::string missing_fields(const SubmittedHeader& header, std::string_view unique,
                           std::string_view hostname, WallTime now);

// The blind fields as the user wrote them, with the end of the last line.
std::string blind_fields(const SubmittedHeader& header, std::string_view content);

} // namespace maild::delivery
