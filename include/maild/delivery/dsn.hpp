#pragma once
// Delivery Status Notifications (RFC 3464 in RFC 6522's multipart/report): what became of a
// message, for the people who sent it and for their programs. Pure: a report's facts in, a whole
// message with CRLF out. RFC 3461 §5.2 says when one is due and §6 what stands in it; with
// addresses or header fields in UTF-8 it is one of RFC 6533. It is sent with a null reverse-path,
// and never in answer to one (§5.2, §6.1).

#include "maild/base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::delivery {

enum class DsnAction : std::uint8_t { delivered, relayed, expanded, delayed, failed };

// Octets of a message that a report of failure brings back whole; of a larger one it has the header
// section (RFC 3461 §6.2).
inline constexpr std::size_t kMaxReturnedContent = 256 * 1024;

struct DsnRecipient {
    std::string final_recipient;    // the address of RCPT
    std::string original_recipient; // ORCPT as it is kept, "rfc822;…"; empty without
    DsnAction action = DsnAction::failed;
    std::string status;     // RFC 3463: "2.1.5"
    std::string remote_mta; // who has refused or taken it, a host's name; empty: nobody was asked
    std::string diagnostic; // what that host has answered, in one line; empty without
    std::optional<WallTime> last_attempt;
    std::optional<WallTime> will_retry_until; // of delayed
};

struct Dsn {
    std::string reporting_mta;    // this host's name
    std::string id;               // [0-9A-Za-z.-], unique on this host: for Message-ID and boundary
    std::string to;               // the reverse-path; not empty
    std::string envelope_id;      // ENVID, decoded; empty without
    bool returns_content = false; // RET=FULL, and the message does not require TLS (RFC 8689 §5)
    std::optional<WallTime> arrival;
    std::optional<WallTime> deliver_by;   // RFC 2852
    std::vector<DsnRecipient> recipients; // one at least
    std::string_view content;             // the message that this is about; lines end with CRLF
    WallTime now;
};

std::string format_dsn(const Dsn& dsn);

// Whether it has what only SMTPUTF8 lets through: addresses, or the header section, in UTF-8.
bool needs_smtputf8(const Dsn& dsn);

// What NOTIFY, as it is kept, makes of a fate (RFC 3461 §5.2). Without one (""), failures and
// delays are told.
bool is_wanted(std::string_view notify, DsnAction action);

// NOTIFY for each of many recipients that one address has become (§5.2.7.3 (c)): that one's SUCCESS
// was answered with "expanded".
std::string without_success(std::string_view notify);

// NOTIFY of an address that two recipients have led to: what either of them wants to hear.
std::string either_notify(std::string_view a, std::string_view b);

} // namespace maild::delivery
