#include "daemon/smtp_backend.hpp"

#include "daemon/hold_reason.hpp"
#include "daemon/resolved_route.hpp"

#include "maild/base/log.hpp"
#include "maild/delivery/report.hpp"
#include "maild/imap/structure.hpp"
#include "maild/net/ip.hpp"
#include "maild/smtp/trace.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

// GCC 12 inlines Asio's frame allocator into accept() and then takes its operator delete for
// another one's.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

constexpr std::size_t kMaxKeptHeader = 256 * 1024;

std::unexpected<smtp::Refusal> refuse(Errc code, std::string internal = {}) {
    return std::unexpected(smtp::Refusal(Error{code, std::move(internal)}));
}

bool has_relay(const directory::Resolution& resolution) {
    return std::ranges::any_of(resolution.targets, [](const auto& target) {
        return std::holds_alternative<directory::RelayTarget>(target);
    });
}

queue::Handling handling_of(const smtp::Envelope& envelope) {
    queue::Handling out;
    out.requires_tls = envelope.mail.requiretls;
    out.priority = envelope.priority.value_or(0);
    out.not_before = smtp::release_time(envelope.mail, envelope.begun);
    if (const auto& by = envelope.mail.deliver_by)
        out.deliver_by = {envelope.begun + by->time, by->returns, by->traces};
    return out;
}

queue::Envelope queue_envelope(const smtp::Envelope& envelope, const smtp::Content& content) {
    queue::Envelope out;
    out.reverse_path = envelope.mail.reverse_path.format();
    out.envelope_id = envelope.mail.envelope_id;
    out.return_content = envelope.mail.return_content;
    out.is_8bit = content.has_8bit;
    out.is_smtputf8 = envelope.mail.smtputf8;
    out.handling = handling_of(envelope);
    return out;
}

// One for each recipient in LMTP (RFC 2033 §4.2), else one answer for all (RFC 5321 §4.2.5). Where
// some have the message and others not, success would lose it for those; trying again gives the
// first a second copy, which is the smaller harm.
std::vector<Result<void, smtp::Refusal>> outcomes_of(const std::vector<Result<void>>& results,
                                                     smtp::Service service) {
    std::vector<Result<void, smtp::Refusal>> outcomes;
    for (const auto& result : results) {
        if (result)
            outcomes.emplace_back();
        else
            outcomes.emplace_back(std::unexpected(smtp::Refusal(result.error())));
    }
    if (service == smtp::Service::lmtp || outcomes.empty()) return outcomes;
    const auto failed =
        std::ranges::find_if(outcomes, [](const auto& outcome) { return !outcome; });
    if (failed != outcomes.end()) std::swap(outcomes.front(), *failed);
    outcomes.resize(1);
    return outcomes;
}

// To the recipients that were accepted, in their order; those beyond the record's limit are left
// out.
void note_places(trace::Record& record, std::vector<std::vector<trace::Place>> places) {
    std::size_t next = 0;
    for (auto& recipient : record.recipients)
        if (recipient.is_accepted && next < places.size())
            recipient.places = std::move(places[next++]);
}

bool is_trusted(const smtp::LocalUser& user, const Config& config) {
    const auto& trusted = config.local.trusted;
    return std::ranges::find(trusted, user.name) != trusted.end();
}

void add_findings(delivery::Transaction& transaction, const SenderChecks* checks,
                  const Submitted* submitted) {
    if (checks != nullptr) {
        transaction.received.insert(0, checks->fields);
        transaction.is_junk = checks->decision.disposition == policy::Disposition::quarantine;
    }
    if (submitted == nullptr) return;
    transaction.received.insert(0, submitted->signatures);
    transaction.received += submitted->fields;
    transaction.added_fields = submitted->fields;
    transaction.relay_grant = submitted->grant;
    transaction.sent_copy = submitted->copy;
    if (submitted->hold_for == std::chrono::seconds(0)) return;
    auto& not_before = transaction.envelope.handling.not_before;
    const auto thought_over = transaction.now + submitted->hold_for;
    not_before = std::max(not_before.value_or(thought_over), thought_over);
}

} // namespace

bool SmtpBackend::may_relay(const smtp::Client& client) const {
    if (client.identity) return true;
    if (client.service == smtp::Service::local)
        return client.local && (config_->local.relays || is_trusted(*client.local, *config_));
    if (client.service == smtp::Service::lmtp) return false;
    const auto address = net::parse_ip(client.peer.address);
    return address && net::in_any_network(*address, config_->trusted);
}

bool SmtpBackend::may_prioritize(const smtp::Client& client) const {
    return client.service == smtp::Service::lmtp || may_relay(client);
}

net::Task<Result<void, smtp::Refusal>> SmtpBackend::verify_sender(const smtp::Client& client,
                                                                  const smtp::Mail& mail) {
    if (auto accepts = store_.accepts_mail(); !accepts)
        co_return std::unexpected(smtp::Refusal(accepts.error()));
    if (client.service == smtp::Service::local) {
        auto verified = co_await verify_local_sender(client, mail);
        co_return verified;
    }
    if (!client.identity) {
        auto counted = co_await count_message(client);
        if (!counted) co_return counted;
        if (!Reception::concerns(client, *config_)) co_return Result<void, smtp::Refusal>{};
        auto checked = co_await reception_.check_reverse_path(mail.reverse_path);
        co_return checked;
    }
    // "<>" is anybody's, but not of an account that has been disabled meanwhile.
    auto address =
        mail.reverse_path.is_null() ? client.identity->address : mail.reverse_path.format();
    const auto allowed =
        co_await directory_.may_send_as(client.identity->account, std::move(address));
    if (!allowed) co_return std::unexpected(smtp::Refusal(allowed.error()));
    if (!*allowed) co_return refuse(Errc::not_permitted, "not the sender's own address");
    co_return Result<void, smtp::Refusal>{};
}

// Whose shard keeps the queue rows: the sender's own; for mail that an alias sends on, the
// postmaster's.
net::Task<Result<void>> SmtpBackend::choose_queue(const smtp::Client& client,
                                                  delivery::Transaction& transaction) {
    const bool relays =
        std::ranges::any_of(transaction.recipients, [](const delivery::Recipient& recipient) {
            return recipient.resolution.verdict == directory::Verdict::not_local ||
                   has_relay(recipient.resolution);
        });
    if (!relays) co_return Result<void>{};
    if (!config_->queue.is_sending) transaction.hold_reason = kHoldReason;
    if (transaction.relay_grant) co_return Result<void>{};
    auto owner = client.identity ? client.identity->address : std::string("postmaster");
    const auto resolution = co_await directory_.resolve(std::move(owner));
    if (!resolution) co_return std::unexpected(resolution.error());
    transaction.relay_grant = delivery::first_grant(*resolution);
    co_return Result<void>{};
}

// In whose name an alias sends on what came from elsewhere (SRS). What users submit and trusted
// hosts relay goes on in its own.
net::Task<Result<void>> SmtpBackend::choose_sender(const smtp::Client& client,
                                                   delivery::Transaction& transaction) {
    if (client.identity || !config_->smtp.rewrites_senders ||
        transaction.envelope.reverse_path.empty())
        co_return Result<void>{};
    std::string via;
    for (const auto& recipient : transaction.recipients) {
        if (recipient.resolution.verdict == directory::Verdict::not_local) co_return Result<void>{};
        if (via.empty() && has_relay(recipient.resolution)) via = recipient.forward_path;
    }
    if (!via.contains('@')) co_return Result<void>{}; // nobody, or <Postmaster>
    auto sender = transaction.envelope.reverse_path;
    auto made = co_await directory_.forward_sender(std::move(sender), std::move(via));
    if (!made) co_return std::unexpected(std::move(made.error()));
    transaction.forwarded_from = std::move(*made);
    co_return Result<void>{};
}

// Unsigned, it would be taken for forged by those who know that the domain signs.
net::Task<Result<std::string, smtp::Refusal>>
SmtpBackend::sign(const smtp::Client& client, std::string_view above, std::string_view content) {
    if (!config_->dkim.signs) co_return std::string();
    std::optional<auth::Token> login;
    if (client.identity) login = client.identity->token;
    auto made = co_await signer_.sign(std::move(login), above, content);
    if (made) co_return std::move(*made);
    const smtp::Reply reply{451, smtp::Status{7, 0},
                            "The message could not be signed (DKIM); log in and send it again"};
    co_return std::unexpected(smtp::Refusal(reply, "dkim: " + made.error().internal));
}

net::Task<SmtpBackend::Delivered> SmtpBackend::deliver(const smtp::Client& client,
                                                       smtp::Envelope& envelope,
                                                       const smtp::Content& content,
                                                       Findings findings) {
    delivery::Transaction transaction;
    transaction.envelope = queue_envelope(envelope, content);
    transaction.reads_priority = may_prioritize(client) && !envelope.mail.priority;
    transaction.now = clock_.now();
    transaction.received =
        smtp::format_received(client, envelope, config_->hostname, transaction.now);
    add_findings(transaction, findings.checks, findings.submitted);
    for (auto& recipient : envelope.recipients) {
        auto& route = static_cast<ResolvedRoute&>(*recipient.route);
        delivery::Recipient accepted;
        accepted.forward_path = recipient.forward_path.format();
        accepted.resolution = std::move(route.resolution);
        accepted.notify = recipient.notify;
        accepted.original_recipient = recipient.original_recipient;
        transaction.recipients.push_back(std::move(accepted));
    }
    auto delivered = co_await carry_out(client, std::move(transaction), content);
    note_places(envelope.record, std::move(delivered.places));
    co_return delivered;
}

net::Task<SmtpBackend::Delivered> SmtpBackend::carry_out(const smtp::Client& client,
                                                         delivery::Transaction transaction,
                                                         const smtp::Content& content) {
    auto queue = co_await choose_queue(client, transaction);
    if (queue) {
        auto sender = co_await choose_sender(client, transaction);
        queue = std::move(sender);
    }
    if (!queue)
        co_return Delivered{std::vector<Result<void>>(transaction.recipients.size(),
                                                      std::unexpected(queue.error())),
                            {},
                            {}};

    store::MessageSource message{.content = content.bytes,
                                 .structure = imap::make_structure(content.bytes),
                                 .octets = content.octets};
    if (!transaction.added_fields.empty())
        message.structure.envelope = envelope_with(transaction.added_fields, content.bytes);
    auto plan = delivery::plan_delivery(std::move(message), std::move(transaction));
    Result<store::DeliverResult> stored{};
    if (!plan.is_empty()) {
        auto request = std::move(plan.request);
        auto answer = co_await store_.deliver(std::move(request));
        stored = std::move(answer);
    }
    if (const auto failure = plan.copy_failure(stored))
        log::warning("sent_copy_not_kept", {{"session", client.session_id},
                                            {"error", name_of(failure->code)},
                                            {"reason", failure->internal}});
    auto results = plan.results(stored);
    auto successes = plan.successes(results);
    co_return Delivered{std::move(results), std::move(successes), plan.places(stored)};
}

net::Task<std::vector<Result<void, smtp::Refusal>>>
SmtpBackend::accept(const smtp::Client& client, smtp::Envelope& envelope,
                    const smtp::Content& content) {
    std::vector<Result<void, smtp::Refusal>> outcomes;
    auto kept = content;
    SenderChecks checks;
    const bool is_checked = Reception::concerns(client, *config_);
    if (is_checked) {
        auto found = co_await reception_.check(client, envelope, content.bytes, *config_);
        checks = std::move(found);
        using Name = policy::iprev::Outcome;
        if (checks.client && checks.client->outcome == Name::pass)
            envelope.record.client_name = checks.client->name;
        auto verdicts = checks.verdicts();
        std::ranges::move(verdicts, std::back_inserter(envelope.record.verdicts));
        envelope.record.dmarc = checks.fact(envelope.mail.reverse_path);
        if (auto refusal = checks.refusal()) {
            outcomes.emplace_back(std::unexpected(std::move(*refusal)));
            co_return outcomes;
        }
    }
    // RFC 8601 §5: nobody but us says what we have found. Trusted hosts may be our own front.
    const bool is_trusted = !client.identity && !client.local && may_relay(client);
    if (client.service != smtp::Service::lmtp && !is_trusted)
        kept = without_fields(content, policy::forged_results(content.bytes, config_->hostname));
    Submitted submitted;
    const bool is_submission = Submission::concerns(client);
    if (is_submission) {
        auto prepared = co_await submission_.prepare(client, envelope, kept, *config_);
        if (!prepared) {
            outcomes.emplace_back(std::unexpected(std::move(prepared.error())));
            co_return outcomes;
        }
        submitted = std::move(*prepared);
        kept = without_fields(kept, submitted.hidden);
        auto made = co_await sign(client, submitted.fields, kept.bytes);
        if (!made) {
            outcomes.emplace_back(std::unexpected(std::move(made.error())));
            co_return outcomes;
        }
        submitted.signatures = std::move(*made);
    }
    // RFC 6710: what strangers think urgent is not urgent for that.
    const auto asked = envelope.mail.priority.value_or(0);
    envelope.priority = may_prioritize(client) ? asked : std::min<std::int8_t>(asked, 0);
    const Findings findings{is_checked ? &checks : nullptr, is_submission ? &submitted : nullptr};
    const bool is_reported = may_report(client, envelope, is_checked ? &checks : nullptr);
    // The store takes the octets; an absurd header is not held twice for that.
    if (is_reported && kept.header_size > kMaxKeptHeader) kept.octets = nullptr;
    std::string header;
    if (is_reported && kept.octets != nullptr) header = kept.bytes.substr(0, kept.header_size);
    auto delivered = co_await deliver(client, envelope, kept, findings);
    // Who is to try again hears of success then.
    const bool is_final = client.service == smtp::Service::lmtp ||
                          std::ranges::all_of(delivered.results, [](const auto& result) {
                              return result.has_value();
                          });
    if (is_final && is_reported) {
        const std::string_view shown = kept.octets != nullptr ? header : kept.bytes;
        co_await report(client, envelope, shown, std::move(delivered.successes));
    }
    co_return outcomes_of(delivered.results, client.service);
}

} // namespace maild::daemon
