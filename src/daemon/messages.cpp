#include "daemon/messages.hpp"

#include <algorithm>

namespace maild::daemon {

template <class Codec> void describe(Codec& codec, ListenerConfig& c) {
    codec(c.service, c.address, c.port, c.path, c.mode, c.tls, c.is_optional, c.line);
}
template <class Codec> void describe(Codec& codec, Paths& c) { codec(c.data, c.run); }
template <class Codec> void describe(Codec& codec, LogSettings& c) {
    codec(c.target, c.path, c.level);
}
template <class Codec> void describe(Codec& codec, Users& c) {
    codec(c.control, c.worker, c.auth, c.store, c.sender);
}
template <class Codec> void describe(Codec& codec, NamedTlsFiles& c) {
    codec(c.certificate, c.key, c.names);
}
template <class Codec> void describe(Codec& codec, TlsFiles& c) {
    codec(c.certificate, c.key, c.client_ca, c.named, c.tickets);
}
template <class Codec> void describe(Codec& codec, Limits& c) {
    codec(c.message_bytes, c.recipients, c.connections, c.newcomers, c.bad_commands,
          c.idle_commands, c.session_commands, c.imap_bad_commands, c.pop3_bad_commands,
          c.refused_recipients, c.smtp_auth_failures, c.imap_auth_failures, c.pop3_auth_failures,
          c.memory_bytes, c.worker_memory_bytes, c.smtp_idle, c.imap_idle, c.pop3_idle,
          c.login_time, c.tls_handshake, c.future_release, c.drain_time);
}
template <class Codec> void describe(Codec& codec, MemoryPlan& c) {
    codec(c.limit_bytes, c.available_bytes, c.workers, c.wanted_workers, c.mail_bytes,
          c.connections, c.page_cache_kib);
}
template <class Codec> void describe(Codec& codec, OauthSettings& c) {
    codec(c.introspection.is_https, c.introspection.host, c.introspection.port,
          c.introspection.target, c.authentication, c.client_id, c.secret_file, c.ca, c.timeout,
          c.claims, c.rules.issuer, c.rules.audience, c.rules.scopes, c.rules.domain, c.rules.cache,
          c.openid_configuration);
}
template <class Codec> void describe(Codec& codec, DnsSettings& c) {
    codec(c.servers, c.trust_anchor);
}
template <class Codec> void describe(Codec& codec, VerifySettings& c) {
    codec(c.is_enabled, c.rejects_spf_fail, c.enforces_dmarc, c.defers_without_dns,
          c.trusted_sealers, c.exempt);
}
template <class Codec> void describe(Codec& codec, DkimSettings& c) {
    codec(c.signs, c.signature_lifetime, c.signatures_per_second, c.retired_for, c.switches,
          c.look_every);
}
template <class Codec> void describe(Codec& codec, SubmissionSettings& c) {
    codec(c.checks_from, c.limits);
}
template <class Codec> void describe(Codec& codec, LocalSettings& c) {
    codec(c.is_enabled, c.domain, c.trusted, c.signs_as, c.relays, c.limits);
}
template <class Codec> void describe(Codec& codec, StoreSettings& c) {
    codec(c.shards, c.retention_days, c.min_free_bytes, c.search_index);
}
template <class Codec> void describe(Codec& codec, ImapSettings& c) { codec(c.comment, c.admin); }
template <class Codec> void describe(Codec& codec, ReportSettings& c) {
    codec(c.mailbox, c.sends, c.sends_tls, c.from, c.organization, c.most_a_day, c.excluded,
          c.tells_own);
}
template <class Codec> void describe(Codec& codec, TraceSettings& c) {
    codec(c.is_enabled, c.keep, c.octets);
}
template <class Codec> void describe(Codec& codec, RouteSettings& c) {
    codec(c.to, c.from, c.via, c.tls, c.hello, c.source, c.user, c.password_file, c.proxy);
}
template <class Codec> void describe(Codec& codec, QueueSettings& c) {
    codec(c.is_sending, c.retry_first, c.retry_most, c.lifetime, c.delay_notice, c.connections,
          c.connections_per_destination, c.port, c.allows_loopback, c.authorities, c.asks_sts,
          c.routes);
}
template <class Codec> void describe(Codec& codec, NoticeSettings& c) {
    codec(c.to, c.summary, c.at, c.alerts);
}
template <class Codec> void describe(Codec& codec, SmtpSettings& c) {
    codec(c.greeting_delay, c.rewrites_senders);
}
template <class Codec> void describe(Codec& codec, Config& c) {
    codec(c.file, c.hostname, c.listeners, c.paths, c.log, c.users, c.tls, c.pool_workers,
          c.workers, c.limits, c.memory, c.plaintext, c.offers_scram, c.login_limits,
          c.client_limits, c.trusted, c.proxies, c.oauth, c.submission, c.store, c.imap, c.smtp,
          c.dns, c.verify, c.trace, c.queue, c.reports, c.notices, c.dkim, c.local);
}
template <class Codec> void describe(Codec& codec, SandboxFacts& facts) {
    codec(facts.own_user, facts.no_new_privileges, facts.no_capabilities, facts.landlock_abi,
          facts.seccomp, facts.lost);
}
template <class Codec> void describe(Codec& codec, ProcessStatus& p) {
    codec(p.role, p.index, p.pid, p.user, p.state, p.since, p.restarts, p.text, p.sandbox);
}
template <class Codec> void describe(Codec& codec, ServerStatus& s) {
    codec(s.version, s.pid, s.started, s.is_stopping, s.processes);
}
template <class Codec> void describe(Codec& codec, LogOutput& m) { codec(m.target, m.level); }
template <class Codec> void describe(Codec& codec, Identity& m) {
    codec(m.name, m.uid, m.gid, m.change);
}
template <class Codec> void describe(Codec& codec, Hello& m) {
    codec(m.role, m.index, m.config, m.identity, m.log, m.token_secret, m.note);
}
template <class Codec> void describe(Codec&, Begin&) {}
template <class Codec> void describe(Codec& codec, GiveListener& m) { codec(m.config); }
template <class Codec> void describe(Codec& codec, RemoveListener& m) { codec(m.config); }
template <class Codec> void describe(Codec& codec, GivePeer& m) {
    codec(m.role, m.index, m.use, m.we_ask);
}
template <class Codec> void describe(Codec& codec, GiveCertificate& m) {
    codec(m.number, m.count, m.is_own, m.file, m.names);
}
template <class Codec> void describe(Codec&, GiveClientAuthorities&) {}
template <class Codec> void describe(Codec&, GiveIssuerFiles&) {}
template <class Codec> void describe(Codec& codec, Reload& m) { codec(m.config); }
template <class Codec> void describe(Codec& codec, ChangeLog& m) { codec(m.log); }
template <class Codec> void describe(Codec& codec, Ping& m) { codec(m.number); }
template <class Codec> void describe(Codec& codec, Drain& m) { codec(m.grace); }
template <class Codec> void describe(Codec& codec, TellStatus& m) { codec(m.status); }
template <class Codec> void describe(Codec& codec, Answer& m) { codec(m.number, m.result); }
template <class Codec> void describe(Codec&, GiveLogReader&) {}
template <class Codec> void describe(Codec& codec, HostUser& u) { codec(u.uid, u.name); }
template <class Codec> void describe(Codec& codec, TellUsers& m) { codec(m.users); }
template <class Codec> void describe(Codec& codec, TellCrowded& m) { codec(m.services); }
template <class Codec> void describe(Codec& codec, Sandboxed& m) { codec(m.facts); }
template <class Codec> void describe(Codec&, Ready&) {}
template <class Codec> void describe(Codec& codec, Pong& m) { codec(m.number); }
template <class Codec> void describe(Codec& codec, StatusText& m) { codec(m.text); }
template <class Codec> void describe(Codec& codec, Failed& m) { codec(m.reason); }
template <class Codec> void describe(Codec& codec, Note& m) { codec(m.bytes); }
template <class Codec> void describe(Codec& codec, Crowded& m) { codec(m.services); }
template <class Codec> void describe(Codec& codec, Ask& m) { codec(m.number, m.request); }

std::string encode_message(const SupervisorMessage& message) { return ipc::encode(message); }
std::string encode_message(const ChildMessage& message) { return ipc::encode(message); }

Result<SupervisorMessage> decode_supervisor_message(std::string_view bytes) {
    return ipc::decode<SupervisorMessage>(bytes);
}

Result<ChildMessage> decode_child_message(std::string_view bytes) {
    auto message = ipc::decode<ChildMessage>(bytes);
    if (!message) return message;
    const auto cut = [](std::string& text) {
        if (text.size() > kMaxStatusText) text.resize(kMaxStatusText);
    };
    if (auto* sandboxed = std::get_if<Sandboxed>(&*message)) cut(sandboxed->facts.lost);
    if (auto* status = std::get_if<StatusText>(&*message)) cut(status->text);
    if (auto* failed = std::get_if<Failed>(&*message)) cut(failed->reason.internal);
    const auto* ask = std::get_if<Ask>(&*message);
    if (ask != nullptr && ask->request > SupervisorRequest::reopen_logs) {
        return fail(Errc::protocol_error, "unknown request");
    }
    const auto* note = std::get_if<Note>(&*message);
    if (note != nullptr && note->bytes.size() > kMaxNote)
        return fail(Errc::protocol_error, "a note without measure");
    return message;
}

} // namespace maild::daemon
