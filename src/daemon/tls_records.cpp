#include "daemon/tls_records.hpp"

#include <algorithm>
#include <utility>

namespace maild::daemon {
namespace {

std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const auto& line : lines) out += (out.empty() ? "" : "\n") + line;
    return out;
}

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        out.emplace_back(text.substr(0, text.find('\n')));
        text.remove_prefix(std::min(out.back().size() + 1, text.size()));
    }
    return out;
}

} // namespace

void TlsRecords::met(sender::TlsSession session) {
    if (!sink_.is_wanted()) return;
    ++sessions_[std::move(session)];
    if (sessions_.size() >= kMostAtOnce) flush();
}

void TlsRecords::flush() {
    for (const auto& [session, count] : std::exchange(sessions_, {}))
        sink_.record(record_of(session, count));
}

trace::Record record_of(const sender::TlsSession& session, std::uint64_t count) {
    trace::Record record;
    record.service = "tls";
    record.tls_session = trace::TlsFact{.domain = session.domain,
                                        .policy_type = session.policy_type,
                                        .policy_domain = session.policy_domain,
                                        .policy = joined(session.policy),
                                        .mx_hosts = joined(session.mx_hosts),
                                        .result = std::string(relay::name_of(session.result)),
                                        .reason = session.reason,
                                        .sending_ip = session.sending_ip,
                                        .host = session.host,
                                        .receiving_ip = session.receiving_ip,
                                        .sessions = count};
    return record;
}

std::optional<report::TlsSessionFact> tls_fact_in(const trace::Record& record) {
    if (!record.tls_session) return std::nullopt;
    const auto& found = *record.tls_session;
    return report::TlsSessionFact{.time = record.time,
                                  .domain = found.domain,
                                  .policy_type = found.policy_type,
                                  .policy_domain = found.policy_domain,
                                  .policy = lines_of(found.policy),
                                  .mx_hosts = lines_of(found.mx_hosts),
                                  .result = found.result,
                                  .reason = found.reason,
                                  .sending_ip = found.sending_ip,
                                  .receiving_host = found.host,
                                  .receiving_ip = found.receiving_ip,
                                  .sessions = std::max<std::uint64_t>(found.sessions, 1)};
}

} // namespace maild::daemon
