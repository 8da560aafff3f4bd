#include "maild/lmtp/dialect.hpp"

namespace maild::lmtp {
namespace {

using smtp::Envelope;
using smtp::HelloKind;
using smtp::Refusal;
using smtp::Reply;
using smtp::Status;

// HELO and EHLO must not be answered positively, RFC 2033 §4.1.
bool speaks(HelloKind kind) { return kind == HelloKind::lhlo; }

// One reply for each accepted RCPT, in their order, also for duplicates, RFC 2033 §4.2.
void append_outcomes(std::string& out, const Envelope& envelope,
                     const std::vector<Result<void, Refusal>>& outcomes) {
    const Reply stored = smtp::accepted_reply(envelope, Status{1, 5});
    for (const auto& outcome : outcomes)
        smtp::append_reply(out, outcome ? stored : reply_for(outcome.error(), smtp::Step::content));
}

} // namespace

const smtp::Dialect kLmtp = {
    .name = "LMTP",
    .speaks = speaks,
    .append_outcomes = append_outcomes,
    .outcomes_of = [](const Envelope& envelope) { return envelope.recipients.size(); },
};

void set_lmtp(smtp::Server& server) {
    server.service = smtp::Service::lmtp;
    server.dialect = &kLmtp;
    server.offers_auth = false;
}

} // namespace maild::lmtp
