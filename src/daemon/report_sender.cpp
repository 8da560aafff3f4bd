#include "daemon/report_sender.hpp"

#include "daemon/day_facts.hpp"
#include "daemon/deadline_resolver.hpp"
#include "daemon/hold_reason.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/log.hpp"
#include "maild/delivery/local.hpp"
#include "maild/imap/structure.hpp"
#include "maild/mail/date.hpp"
#include "maild/policy/dmarc.hpp"
#include "maild/report/tls_outgoing.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

// GCC 12 inlines Asio's frame allocator into coroutines and then takes its operator delete for
// another one's.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

namespace dmarc = policy::dmarc;

constexpr std::chrono::seconds kTimeout{5};  // of one question
constexpr std::chrono::seconds kDnsTime{30}; // of all for a report: others wait behind it

// Of several records none is one (RFC 9989 §4.10.1).
std::string record_in(const net::DnsAnswer& answer) {
    std::string found;
    for (const auto& text : answer.texts) {
        if (!dmarc::is_record(text)) continue;
        if (!found.empty()) return {};
        found = text;
    }
    return found;
}

// ENVID, by which bounces tell it (RFC 3461 §4.4), where it can be one.
std::string envelope_id_of(const std::string& report_id) {
    const bool is_plain = report_id.size() <= 100 && std::ranges::all_of(report_id, [](char c) {
                              return c > ' ' && c < '\x7f';
                          });
    return is_plain ? report_id : std::string();
}

std::string words_of(const trace::Place& place) {
    if (place.kind == trace::Place::Kind::queue) return "queued as " + std::to_string(place.number);
    return "stored in " + place.mailbox + " of " + place.address;
}

std::string words_of(const Error& error) {
    return error.internal.empty() ? std::string(name_of(error.code)) : error.internal;
}

} // namespace

// A reload may take the configuration away meanwhile.
struct ReportSender::Job {
    ReportKind kind = ReportKind::dmarc;
    report::PackedReport report;
    report::Reporter reporter;
    std::vector<std::string> known; // addresses
    auth::Token grant;              // of the account whose shard keeps the queue's rows
    bool is_dry_run = false;
    bool is_sending = true; // else it waits in the queue, held
};

struct ReportSender::Wanted {
    std::vector<report::Destination> by_mail;
    std::vector<ReportCopy> others; // who gets none
    bool is_undecided = false;
};

net::Task<Result<ReportFate>> ReportSender::send(SendReport request, const Config& config) {
    Job job{.kind = request.kind,
            .report = std::move(request.report),
            .reporter = reporter_of(config),
            .known = std::move(request.known),
            .grant = {},
            .is_dry_run = request.is_dry_run,
            .is_sending = config.queue.is_sending};
    auto grant = co_await queue_grant(job.reporter.email);
    if (!grant) co_return std::unexpected(std::move(grant.error()));
    job.grant = std::move(*grant);
    auto wanted = co_await who_wants(job);
    ReportFate fate{.copies = std::move(wanted.others), .is_undecided = wanted.is_undecided};
    for (const auto& destination : wanted.by_mail) {
        ReportCopy copy{.to = destination.address.format()};
        const auto done = co_await send_to(job, destination, copy);
        if (!done) {
            // What is out already has to be known, or it would be sent once more.
            const bool is_one_out = std::ranges::any_of(
                fate.copies, [](const ReportCopy& each) { return each.fate == CopyFate::sent; });
            if (!is_one_out) co_return std::unexpected(done.error());
            copy.fate = CopyFate::later;
            copy.detail = words_of(done.error());
        }
        fate.copies.push_back(std::move(copy));
    }
    co_return std::move(fate);
}

net::Task<ReportSender::Wanted> ReportSender::who_wants(const Job& job) {
    auto domain = job.report.domain;
    DeadlineResolver dns(resolver_, clock_, kDnsTime);
    if (job.kind == ReportKind::tls) {
        auto wanted = co_await who_wants_tls(dns, std::move(domain));
        co_return wanted;
    }
    auto wanted = co_await who_wants_dmarc(dns, std::move(domain));
    co_return wanted;
}

net::Task<ReportSender::Wanted> ReportSender::who_wants_dmarc(net::Resolver& dns,
                                                              std::string domain) {
    net::DnsQuestion question{"_dmarc." + domain, net::DnsType::txt};
    const auto answer = co_await dns.lookup(std::move(question), kTimeout);
    auto named = report::destinations_of(record_in(answer));
    auto verified = co_await report::verify_destinations(dns, std::move(domain), std::move(named));
    Wanted wanted{.by_mail = std::move(verified.allowed),
                  .others = {},
                  .is_undecided = answer.failed() || verified.is_undecided};
    for (const auto& address : verified.refused)
        wanted.others.push_back({address, CopyFate::refused, "its domain has not agreed"});
    co_return wanted;
}

// RFC 8460 §3. Whoever it names is not asked: that is how the RFC has it.
net::Task<ReportSender::Wanted> ReportSender::who_wants_tls(net::Resolver& dns,
                                                            std::string domain) {
    net::DnsQuestion question{"_smtp._tls." + domain, net::DnsType::txt};
    const auto answer = co_await dns.lookup(std::move(question), kTimeout);
    auto named = report::tls_destinations_of(answer.texts);
    Wanted wanted{.by_mail = std::move(named.mail), .others = {}, .is_undecided = answer.failed()};
    for (auto& uri : named.others)
        wanted.others.push_back({std::move(uri), CopyFate::failed, "reports go by mail alone"});
    co_return wanted;
}

// Bounces go to the address that the reports come from, so it must lead to an account.
net::Task<Result<auth::Token>> ReportSender::queue_grant(std::string sender) {
    const auto complaint = "reports.from, " + sender + ", leads to no account here.";
    const auto resolution = co_await directory_.resolve(std::move(sender));
    if (!resolution) co_return std::unexpected(resolution.error());
    for (const auto& target : resolution->targets)
        if (const auto* local = std::get_if<directory::LocalTarget>(&target))
            co_return local->grant;
    co_return fail(Errc::no_such_account, complaint);
}

net::Task<Result<void>>
ReportSender::send_to(const Job& job, const report::Destination& destination, ReportCopy& copy) {
    if (std::ranges::find(job.known, copy.to) != job.known.end()) {
        copy.fate = CopyFate::known;
        co_return Result<void>{};
    }
    const auto format =
        job.kind == ReportKind::tls ? &report::format_tls_report_mail : &report::format_report_mail;
    auto mail = format(job.report, job.reporter, destination.address, clock_.now());
    const auto unsigned_size = mail.size();
    const auto is_signed = co_await signer_.sign(std::move(mail));
    if (!is_signed && !job.is_dry_run) co_return std::unexpected(is_signed.error());
    const auto size = is_signed ? is_signed->size() : unsigned_size;
    if (destination.most_octets && size > *destination.most_octets) {
        copy.fate = CopyFate::too_large;
        copy.detail = std::to_string(size) + " octets, where " +
                      std::to_string(*destination.most_octets) + " are wanted";
        co_return Result<void>{};
    }
    copy.fate = CopyFate::sent;
    copy.detail = std::to_string(size) + " octets";
    if (!is_signed) copy.detail += ", if it can be signed by then: " + words_of(is_signed.error());
    if (!job.is_dry_run) co_await store_copy(job, *is_signed, copy);
    co_return Result<void>{};
}

// Nobody wants to be told of a report that cannot be delivered.
delivery::Transaction ReportSender::transaction_for(const Job& job, const std::string& to,
                                                    directory::Resolution resolution) const {
    delivery::Transaction transaction;
    transaction.envelope.reverse_path = job.reporter.email;
    transaction.envelope.envelope_id = envelope_id_of(job.report.id);
    const bool is_tls = job.kind == ReportKind::tls;
    // What keeps mail from its hosts must not keep the report of it (RFC 8460 §3, RFC 8689 §3).
    transaction.envelope.handling.tls_optional = is_tls;
    transaction.now = clock_.now();
    transaction.received = "Received: by " + job.reporter.submitter + "\r\n\tid " +
                           (is_tls ? "tls." : "dmarc.") +
                           std::to_string(to_unix_seconds(job.report.begin)) + ";\r\n\t" +
                           mail::format_date_time(transaction.now) + "\r\n";
    transaction.relay_grant = job.grant;
    if (!job.is_sending) transaction.hold_reason = kHoldReason;
    transaction.recipients.push_back({.forward_path = to,
                                      .resolution = std::move(resolution),
                                      .original_recipient = {},
                                      .notify = "NEVER"});
    return transaction;
}

net::Task<void> ReportSender::store_copy(const Job& job, const std::string& mail,
                                         ReportCopy& copy) {
    copy.fate = CopyFate::later;
    auto resolution = co_await directory_.resolve(copy.to);
    if (!resolution) {
        copy.detail = words_of(resolution.error());
        co_return;
    }
    const bool has_way = resolution->verdict == directory::Verdict::accepted ||
                         resolution->verdict == directory::Verdict::not_local;
    if (!has_way) {
        copy.fate = CopyFate::failed;
        copy.detail = "no such recipient here";
        co_return;
    }
    auto transaction = transaction_for(job, copy.to, std::move(*resolution));
    store::MessageSource message{.content = mail, .structure = imap::make_structure(mail)};
    auto plan = delivery::plan_delivery(std::move(message), std::move(transaction));
    auto request = std::move(plan.request);
    const auto stored = co_await store_.deliver(std::move(request));
    const auto results = plan.results(stored);
    if (results.front()) {
        copy.fate = CopyFate::sent;
        const auto places = plan.places(stored);
        copy.detail = places.front().empty() ? "" : words_of(places.front().front());
    } else {
        copy.detail = words_of(results.front().error());
    }
    log::info("report_stored", {{"id", job.report.id},
                                {"to", copy.to},
                                {"sent", copy.fate == CopyFate::sent},
                                {"detail", copy.detail}});
}

} // namespace maild::daemon
