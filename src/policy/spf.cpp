#include "maild/policy/spf.hpp"

#include "policy/spf_evaluation.hpp"

#include <utility>

namespace maild::policy::spf {
namespace {

// "postmaster" at the name of HELO, §2.4 and §4.3; for HELO itself too (§2.3).
Query helo_query(const Client& client) {
    return {client.ip, client.helo, {}, client.helo, client.helo};
}

} // namespace

std::string_view name_of(Outcome outcome) {
    switch (outcome) {
    case Outcome::none: return "none";
    case Outcome::neutral: return "neutral";
    case Outcome::pass: return "pass";
    case Outcome::fail: return "fail";
    case Outcome::softfail: return "softfail";
    case Outcome::temperror: return "temperror";
    case Outcome::permerror: return "permerror";
    }
    return "none";
}

net::Task<Report> check_host(const Verifier& verifier, Query query) {
    const auto deadline = verifier.clock.steady_now() + verifier.timeout;
    Evaluation evaluation(verifier, std::move(query), deadline);
    auto report = co_await evaluation.run();
    co_return report;
}

net::Task<SessionReport> check_session(const Verifier& verifier, Client client) {
    const auto deadline = verifier.clock.steady_now() + verifier.timeout;
    SessionReport session;
    Evaluation of_helo(verifier, helo_query(client), deadline);
    auto helo = co_await of_helo.run();
    session.helo = std::move(helo);
    session.helo.identity = Identity::helo;
    if (client.domain.empty()) co_return session;
    Query query{client.ip, client.domain, client.local_part, client.domain, client.helo};
    Evaluation of_mail_from(verifier, std::move(query), deadline);
    auto report = co_await of_mail_from.run();
    session.mail_from = std::move(report);
    co_return session;
}

const Report& SessionReport::decisive() const {
    if (helo.outcome == Outcome::fail || !mail_from) return helo;
    return *mail_from;
}

} // namespace maild::policy::spf
