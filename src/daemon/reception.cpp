#include "daemon/reception.hpp"

#include "daemon/dmarc_fact.hpp"

#include "maild/base/ensure.hpp"
#include "maild/base/log.hpp"
#include "maild/net/ip.hpp"
#include "maild/policy/authres_report.hpp"

#include <algorithm>
#include <cstring>
#include <ranges>
#include <utility>

// GCC 12 inlines Asio's frame allocator into coroutines and then takes its operator delete for
// another one's.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

namespace spf = policy::spf;

constexpr std::chrono::seconds kMxTimeout{3}; // MAIL waits for it

spf::Client spf_client(const net::IpAddress& ip, const smtp::Client& client,
                       const smtp::Envelope& envelope) {
    spf::Client out{.ip = ip, .helo = client.hello, .local_part = {}, .domain = {}};
    if (const auto& sender = envelope.mail.reverse_path.address) {
        out.local_part = sender->localpart;
        out.domain = sender->domain.ascii();
    }
    return out;
}

policy::SpfIdentifier identifier_of(const std::optional<spf::SessionReport>& session) {
    policy::SpfIdentifier identifier;
    if (!session) return identifier;
    const auto& sender = session->of_mail_from();
    identifier.is_undecided = sender.outcome == spf::Outcome::temperror;
    if (sender.outcome == spf::Outcome::pass || identifier.is_undecided)
        identifier.domain = sender.domain;
    return identifier;
}

policy::dkim::Options dkim_options(const Clock& clock) {
    policy::dkim::Options options;
    options.now = static_cast<std::uint64_t>(to_unix_seconds(clock.now()));
    return options;
}

// The order in which one builds on the other.
policy::AuthenticationResults results_of(const SenderChecks& checks, const std::string& hostname) {
    policy::AuthenticationResults out{.authserv_id = hostname};
    if (checks.client) out.results.push_back(policy::result_of(*checks.client));
    if (checks.spf) out.results.push_back(policy::result_of(checks.spf->decisive()));
    for (const auto& verdict : checks.message.dkim)
        out.results.push_back(policy::result_of(verdict));
    if (checks.message.arc.status != policy::arc::ChainStatus::none)
        out.results.push_back(policy::result_of(checks.message.arc));
    out.results.push_back(policy::result_of(checks.message.dmarc));
    if (!checks.decision.overruled_by.empty()) // RFC 8601 §2.4: why it was let pass
        out.results.back().reason += "; let pass by ARC of " + checks.decision.overruled_by;
    return out;
}

// "fail: by -all (smtp.mailfrom=example.org)"
trace::Verdict verdict_of(const policy::MethodResult& result) {
    const bool is_good = result.result == "pass" || result.result == "none";
    trace::Verdict verdict{.stage = result.method,
                           .outcome = is_good ? trace::Outcome::passed : trace::Outcome::noted,
                           .reason = result.result};
    if (!result.reason.empty()) verdict.reason += ": " + result.reason;
    std::string properties;
    for (const auto& property : result.properties)
        properties += (properties.empty() ? "" : ", ") + property.type + "." + property.name + "=" +
                      property.value;
    if (!properties.empty()) verdict.reason += " (" + properties + ")";
    return verdict;
}

policy::LocalPolicy local_policy(const VerifySettings& settings) {
    return {.rejects_spf_fail = settings.rejects_spf_fail,
            .enforces_dmarc = settings.enforces_dmarc,
            .defers_without_dns = settings.defers_without_dns,
            .trusted_sealers = settings.trusted_sealers};
}

} // namespace

// Codes of RFC 7372 for SPF; 5.7.26 is what all that came to nothing together is called there.
std::optional<smtp::Refusal> SenderChecks::refusal() const {
    using By = policy::Decision::By;
    if (decision.disposition == policy::Disposition::defer) {
        return smtp::Refusal(
            smtp::Reply{451, smtp::Status{7, 0},
                        "The DNS does not say yet whether this message is the sender's"},
            decision.reason);
    }
    if (decision.disposition != policy::Disposition::reject) return std::nullopt;
    if (decision.by == By::spf) {
        return smtp::Refusal(
            smtp::Reply{550, smtp::Status{7, 23},
                        "The sender's domain does not let this host send for it (SPF)"},
            decision.reason);
    }
    return smtp::Refusal(
        smtp::Reply{550, smtp::Status{7, 26},
                    "Refused by the policy of the domain in From (DMARC): neither SPF nor DKIM "
                    "shows that the message is from there"},
        decision.reason);
}

std::vector<trace::Verdict> SenderChecks::verdicts() const {
    using policy::Disposition;
    std::vector<trace::Verdict> out;
    if (client) out.push_back(verdict_of(policy::result_of(*client)));
    if (spf) {
        out.push_back(verdict_of(policy::result_of(spf->helo)));
        if (spf->mail_from) out.push_back(verdict_of(policy::result_of(*spf->mail_from)));
    }
    for (const auto& each : message.dkim) out.push_back(verdict_of(policy::result_of(each)));
    if (message.arc.status != policy::arc::ChainStatus::none)
        out.push_back(verdict_of(policy::result_of(message.arc)));
    out.push_back(verdict_of(policy::result_of(message.dmarc)));
    if (!decision.overruled_by.empty())
        out.push_back({"policy", trace::Outcome::noted,
                       "let pass because of the ARC seal of " + decision.overruled_by});
    if (decision.disposition == Disposition::accept) return out;
    auto outcome = trace::Outcome::noted; // put aside
    if (decision.disposition == Disposition::reject) outcome = trace::Outcome::refused;
    if (decision.disposition == Disposition::defer) outcome = trace::Outcome::deferred;
    out.push_back(
        {"policy", outcome, std::string(name_of(decision.disposition)) + ": " + decision.reason});
    return out;
}

// A signature in test mode proves as much: it is right. DMARC adds nothing to the two.
bool SenderChecks::proves(const smtp::ReversePath& path) const {
    if (path.is_null()) return false;
    const auto domain = path.address->domain.ascii();
    if (spf && spf->mail_from && spf->mail_from->outcome == spf::Outcome::pass) return true;
    const auto organization = policy::dmarc::registrable_domain(domain);
    return std::ranges::any_of(message.dkim, [&](const policy::dkim::Verdict& verdict) {
        if (verdict.outcome != policy::dkim::Outcome::pass) return false;
        if (verdict.domain == domain) return true;
        return organization && organization == policy::dmarc::registrable_domain(verdict.domain);
    });
}

std::optional<trace::DmarcFact> SenderChecks::fact(const smtp::ReversePath& sender) const {
    auto found = report::fact_of(
        {.envelope_from = sender.is_null() ? std::string() : sender.address->domain.ascii(),
         .report = message,
         .spf = spf ? &spf->of_mail_from() : nullptr,
         .decision = decision});
    return found ? traced_fact(*found) : std::nullopt;
}

bool Reception::exempts(const smtp::Client& client, const Config& config) {
    const auto ip = net::parse_ip(client.peer.address);
    return ip && (net::in_any_network(*ip, config.trusted) ||
                  net::in_any_network(*ip, config.verify.exempt));
}

bool Reception::concerns(const smtp::Client& client, const Config& config) {
    if (!config.verify.is_enabled || client.service != smtp::Service::relay_in) return false;
    return !client.identity && !exempts(client, config);
}

net::Task<Result<void, smtp::Refusal>>
Reception::check_reverse_path(const smtp::ReversePath& path) {
    if (path.is_null() || path.address->domain.is_literal())
        co_return Result<void, smtp::Refusal>{};
    net::DnsQuestion question{path.address->domain.ascii(), net::DnsType::mx};
    const auto answer = co_await resolver_.lookup(std::move(question), kMxTimeout);
    const bool is_null_mx = answer.exchanges.size() == 1 && answer.exchanges[0].exchange.empty();
    if (!is_null_mx) co_return Result<void, smtp::Refusal>{};
    smtp::Refusal refusal(
        smtp::Reply{550, smtp::Status{7, 27}, "The sender's domain takes no mail (null MX)"},
        "null MX");
    co_return std::unexpected(std::move(refusal));
}

net::Task<SenderChecks> Reception::check(const smtp::Client& client, const smtp::Envelope& envelope,
                                         std::string_view content, const Config& config) {
    SenderChecks checks;
    // A reload may take the configuration away while the DNS is asked.
    const auto hostname = config.hostname;
    const auto wanted = local_policy(config.verify);
    const auto ip = net::parse_ip(client.peer.address);
    spf::Client who;
    if (ip) {
        who = spf_client(*ip, client, envelope);
        const spf::Verifier verifier{resolver_, clock_, hostname};
        auto session = co_await spf::check_session(verifier, who);
        checks.spf = std::move(session);
        auto name = co_await policy::iprev::check(resolver_, *ip);
        checks.client = std::move(name);
    }
    auto identifier = identifier_of(checks.spf);
    const auto options = dkim_options(clock_);
    auto message =
        co_await policy::check_message(resolver_, content, std::move(identifier), options);
    checks.message = std::move(message);
    checks.decision = policy::decide(wanted, checks.spf, checks.message);
    checks.fields = policy::format_authentication_results(results_of(checks, hostname));
    if (checks.spf) checks.fields += spf::format_received(checks.spf->decisive(), who, hostname);
    co_return checks;
}

smtp::Content without_fields(const smtp::Content& content,
                             const std::vector<policy::FieldRange>& fields) {
    auto out = content;
    if (fields.empty()) return out;
    ensure(content.octets != nullptr, "fields are taken out of what may be changed");
    // From the last one on, what stands between two of them moves down by what was taken out below.
    std::size_t removed = 0;
    auto end_of_kept = content.header_size;
    for (const auto& field : fields | std::views::reverse) {
        const auto kept = end_of_kept - field.end;
        std::memmove(content.octets + field.end + removed, content.octets + field.end, kept);
        removed += field.end - field.begin;
        end_of_kept = field.begin;
    }
    std::memmove(content.octets + removed, content.octets, end_of_kept);
    out.bytes = content.bytes.substr(removed);
    out.octets = content.octets + removed;
    out.header_size = content.header_size - removed;
    return out;
}

} // namespace maild::daemon
