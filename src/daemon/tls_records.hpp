#pragma once
// The sender's TLS sessions on their way into the traces, from which reports on them are made (RFC
// 8460): those that were alike within a while are one record with a number, so that a busy
// destination takes no more room than a quiet one. The sink outlives it. One thread.

#include "maild/report/tls_outgoing.hpp"
#include "maild/sender/tls_session.hpp"
#include "maild/trace/record.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace maild::daemon {

class TlsRecords final : public sender::TlsSink {
public:
    static constexpr std::size_t kMostAtOnce = 1000; // different ones; then they are written down

    explicit TlsRecords(trace::Sink& sink) : sink_(sink) {}
    void met(sender::TlsSession session) override;
    void flush(); // now and then, and at the end

private:
    trace::Sink& sink_;
    std::map<sender::TlsSession, std::uint64_t> sessions_;
};

// A record of service "tls", and what it tells. None: it tells of something else.
trace::Record record_of(const sender::TlsSession& session, std::uint64_t count);
std::optional<report::TlsSessionFact> tls_fact_in(const trace::Record& record);

} // namespace maild::daemon
