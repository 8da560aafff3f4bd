#include "maild/smtp/dialect.hpp"

#include "maild/base/ensure.hpp"

namespace maild::smtp {
namespace {

bool speaks(HelloKind kind) { return kind != HelloKind::lhlo; }

// One answer for all recipients, RFC 5321 §4.1.1.4.
void append_outcomes(std::string& out, const Envelope& envelope,
                     const std::vector<Result<void, Refusal>>& outcomes) {
    const auto& outcome = outcomes.front();
    append_reply(out, outcome ? Reply{250, Status{0, 0}, "Ok: " + envelope.id}
                              : reply_for(outcome.error(), Step::content));
}

} // namespace

const Dialect kSmtp = {
    .name = "ESMTP",
    .speaks = speaks,
    .append_outcomes = append_outcomes,
    .outcomes_of = [](const Envelope&) -> std::size_t { return 1; },
};

} // namespace maild::smtp
