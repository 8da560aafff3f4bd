#include "maild/smtp/dialect.hpp"

#include "maild/base/ensure.hpp"

namespace maild::smtp {
namespace {

bool speaks(HelloKind kind) { return kind != HelloKind::lhlo; }

// One answer for all recipients, RFC 5321 §4.1.1.4.
void append_outcomes(std::string& out, const Envelope& envelope,
                     const std::vector<Result<void, Refusal>>& outcomes) {
    const auto& outcome = outcomes.front();
    append_reply(out, outcome ? accepted_reply(envelope, Status{0, 0})
                              : reply_for(outcome.error(), Step::content));
}

} // namespace

Reply accepted_reply(const Envelope& envelope, Status status) {
    const auto asked = envelope.mail.priority.value_or(0);
    const auto given = envelope.priority.value_or(asked);
    auto text = "Ok: " + envelope.id;
    if (given == asked) return {250, status, std::move(text)};
    return {250, Status{3, 6}, std::to_string(given) + " is the priority it has here. " + text};
}

const Dialect kSmtp = {
    .name = "ESMTP",
    .speaks = speaks,
    .append_outcomes = append_outcomes,
    .outcomes_of = [](const Envelope&) -> std::size_t { return 1; },
};

} // namespace maild::smtp
