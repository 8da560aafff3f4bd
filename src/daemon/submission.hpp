#pragma once
// What a worker does at the end of data to a message that a user submits (RFC 6409): asks `auth`
// whether the user may be its author and has not sent enough for today, and finds out what is to be
// added and taken out before it is delivered. One for all sessions of a worker; what is passed by
// reference outlives it or the task.

#include "daemon/config.hpp"

#include "maild/base/clock.hpp"
#include "maild/delivery/local.hpp"
#include "maild/delivery/submission.hpp"
#include "maild/directory/directory.hpp"
#include "maild/policy/authres.hpp"
#include "maild/smtp/backend.hpp"

#include <optional>
#include <string>
#include <vector>

namespace maild::daemon {

struct Submitted {
    std::string fields;                     // above the content and below Received
    std::string signatures;                 // DKIM, above everything else
    std::vector<policy::FieldRange> hidden; // of the content: nobody else sees them
    std::optional<auth::Token> grant; // Right::deliver, of the account's shard; none: of nobody's
    std::optional<delivery::Transaction::SentCopy> copy; // if the account wants one
    std::chrono::seconds hold_for{0};                    // what goes to other hosts
};

class Submission {
public:
    Submission(directory::Directory& directory, const Clock& clock)
        : directory_(directory), clock_(clock) {}

    static bool concerns(const smtp::Client& client) {
        return (client.service == smtp::Service::submission && client.identity) || client.local;
    }
    // The message is counted when it is not refused.
    net::Task<Result<Submitted, smtp::Refusal>> prepare(const smtp::Client& client,
                                                        const smtp::Envelope& envelope,
                                                        const smtp::Content& content,
                                                        const Config& config);

private:
    directory::Directory& directory_;
    const Clock& clock_;
};

// ENVELOPE (RFC 9051 §7.5.2) of a message whose header section has these fields above it.
std::string envelope_with(const std::string& fields, std::string_view content);

// Why `auth` has refused it, in words for the user.
smtp::Refusal refusal_for(const directory::SubmissionVerdict& verdict, WallTime now);
smtp::Refusal refusal_for(delivery::SubmissionFlaw flaw);
// The same to a program of this host, in words for its admin.
smtp::Refusal local_refusal_for(const directory::SubmissionVerdict& verdict, WallTime now);
smtp::Refusal not_a_local_sender();

} // namespace maild::daemon
