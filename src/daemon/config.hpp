#pragma once
// What must be known before the directory opens: names, sockets, paths, users, limits. One small
// TOML file (conf/maild.toml explains every key); everything else is in SQLite and changed with
// mailctl. A value that is complete and checked: whoever holds a Config need not look at it twice.
// The supervisor parses the file and passes the Config to its children over their channels, so that
// they open no file.

#include "daemon/memory_plan.hpp"

#include "maild/auth/bearer_token.hpp"
#include "maild/auth/client_rates.hpp"
#include "maild/auth/login_limits.hpp"
#include "maild/directory/submission.hpp"
#include "maild/net/ip.hpp"
#include "maild/oauth/introspection.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::daemon {

enum class Service : std::uint8_t {
    smtp,
    submission,
    lmtp,
    imap,
    pop3,
    local,   // programs of this host: the command sendmail
    control, // mailctl's
};
enum class TlsMode : std::uint8_t { none, starttls, implicit };
enum class PlaintextLogin : std::uint8_t { never, loopback }; // passwords without TLS
enum class LogLevel : std::uint8_t { debug, info, warning, error };

std::string_view name_of(Service service);

struct ListenerConfig {
    Service service = Service::smtp;
    std::string address; // in digits, "192.0.2.1" or "::" (IPv6 alone); empty with `path`
    std::uint16_t port = 0;
    std::string path;       // absolute: a Unix socket instead of address and port
    std::uint32_t mode = 0; // permission bits of that socket
    TlsMode tls = TlsMode::none;
    bool is_optional = false; // the IPv6 half of "*": a kernel without IPv6 is no error
    std::uint32_t line = 0;   // in the configuration file; 0 for one that we added

    bool is_unix() const { return !path.empty(); }
    std::string endpoint() const; // "192.0.2.1:25", "[::1]:25", "/run/maild/lmtp.sock"
    // The same socket, so that a reload keeps it open.
    bool same_endpoint(const ListenerConfig& other) const {
        return address == other.address && port == other.port && path == other.path;
    }
};

struct Paths {
    std::string data = "/var/lib/maild";
    std::string run = "/run/maild";

    std::string directory() const { return data + "/directory"; } // auth's
    std::string directory_database() const { return directory() + "/directory.db"; }
    std::string tls() const { return data + "/tls"; } // auth's: the certificate it makes itself
    std::string shards() const { return data + "/shard"; } // store's: shard/NN
    std::string traces() const { return data + "/trace"; } // trace's: what became of messages
    std::string pid_file() const { return run + "/maild.pid"; }
    std::string lock_file() const { return run + "/maild.lock"; }
    std::string control_socket() const { return run + "/control.sock"; }
    std::string submit_socket() const { return run + "/submit.sock"; } // everybody's
    // Where the command sendmail leaves what it cannot submit; everybody may write there.
    std::string maildrop() const { return data + "/maildrop"; }
};

struct LogSettings {
    enum class Target : std::uint8_t { file, syslog, standard_error };
    Target target = Target::syslog;
    std::string path; // of Target::file
    LogLevel level = LogLevel::info;
};

// One user for each role, so that none can touch what belongs to another (DESIGN §2). Of no effect
// when the daemon is not started by root.
struct Users {
    std::string control = "maild";
    std::string worker = "maild-net";
    std::string auth = "maild-auth";
    std::string store = "maild-store";
    std::string sender = "maild-out";
};

// A certificate for clients that ask for one of its names.
struct NamedTlsFiles {
    std::string certificate;
    std::string key;
    std::vector<std::string> names; // lower case; empty: all that stand in it
};

struct TlsFiles { // both or none; auth reads them through descriptors that the supervisor opens
    std::string certificate;
    std::string key;
    std::string client_ca; // whose certificates clients may show, with CRLs; read likewise
    std::vector<NamedTlsFiles> named;
    bool tickets = true; // TLS sessions may be taken up again
};

// Logins by access token: whom the role oauth asks about one, and what auth wants of the answer.
struct OauthSettings {
    oauth::Url introspection;
    oauth::ClientAuthentication authentication = oauth::ClientAuthentication::basic;
    std::string client_id;
    std::string secret_file; // read through a descriptor that the supervisor opens, as is `ca`
    std::string ca = "/etc/ssl/certs/ca-certificates.crt";
    std::chrono::seconds timeout{5};
    std::vector<std::string> claims{"email"};
    auth::BearerRules rules;
    std::string openid_configuration;

    bool is_enabled() const { return !introspection.host.empty(); }
};

std::vector<net::Network> loopback_networks(); // 127.0.0.0/8, ::1

// Whom the role resolver asks.
struct DnsSettings {
    std::vector<std::string> servers; // as net::parse_dns_server() reads them; empty: resolv.conf
    std::string trust_anchor;         // a file; empty: nothing is validated
    bool operator==(const DnsSettings&) const = default;
};

// What is asked about who sends on port 25, and what follows from it.
struct VerifySettings {
    bool is_enabled = true;
    bool rejects_spf_fail = false;  // whatever DMARC says; breaks forwarding
    bool enforces_dmarc = true;     // a domain's p=reject and p=quarantine
    bool defers_without_dns = true; // 451 where the DNS does not tell whether DMARC is satisfied
    std::vector<std::string> trusted_sealers; // ARC: domains, in lower case and A-labels
    // Whose mail is not asked about, beside the trusted: this host, as long as nothing is said.
    std::vector<net::Network> exempt = loopback_networks();
};

// Signing what users submit (DKIM), and how keys follow each other.
struct DkimSettings {
    bool signs = true;
    std::chrono::seconds signature_lifetime{0}; // x=; 0: none
    std::uint32_t signatures_per_second = 200;  // for each worker; 0: as many as it asks for
    std::chrono::seconds retired_for = std::chrono::hours(48); // see directory::RotationRules
    bool switches = true; // `control` carries out by itself what is due
    std::chrono::seconds look_every{600};
};

struct Limits {
    std::uint64_t message_bytes = 50ull << 20;
    std::uint32_t recipients = 1000;    // of one message; RFC 5321 §4.5.3.1.8: at least 100
    std::uint32_t connections = 10'000; // of the whole daemon; workers share it equally
    std::uint32_t newcomers = 50;       // percent of connections, see net::GateLimits
    // What a session may get wrong before it ends; 0: whatever it likes. See the protocols' Limits.
    std::uint32_t bad_commands = 10;
    std::uint32_t idle_commands = 100;
    std::uint32_t session_commands = 100'000; // of SMTP, all of them
    std::uint32_t imap_bad_commands = 10;     // in a row, as the next
    std::uint32_t pop3_bad_commands = 10;
    std::uint32_t refused_recipients = 100;
    std::uint32_t smtp_auth_failures = 5;
    std::uint32_t imap_auth_failures = 3;
    std::uint32_t pop3_auth_failures = 3;
    std::optional<std::uint64_t> memory_bytes;      // of all processes; none: what the host has
    std::uint64_t worker_memory_bytes = 1ull << 30; // of each worker; RLIMIT_DATA refuses more
    std::chrono::seconds smtp_idle{300};            // RFC 5321 §4.5.3.2.7
    std::chrono::seconds imap_idle{1800};           // RFC 9051 §5.4: at least 30 minutes
    std::chrono::seconds pop3_idle{600};            // RFC 1939 §3: at least 10 minutes
    std::chrono::seconds login_time{60};            // IMAP, POP3: from connect to login
    std::chrono::seconds tls_handshake{10};
    std::chrono::seconds future_release{
        std::chrono::days(30)};          // RFC 4865, the most; 0: not offered
    std::chrono::seconds drain_time{30}; // what sessions get to finish when the daemon stops
};

struct SubmissionSettings {
    bool checks_from = true; // From and Sender must be the account's own, as MAIL FROM must
    directory::SendLimits limits;
};

// Programs of this host, which submit by a Unix socket and need no login.
struct LocalSettings {
    bool is_enabled = true;
    std::string domain; // lower case; never empty once loaded: then that of the host's name
    std::vector<std::string> trusted{"root"}; // users who may be anybody at our domains
    std::vector<std::string> signs_as;        // see directory::LocalRules
    bool relays = true;                       // for users who are not trusted
    directory::SendLimits limits;             // of each user
};

struct StoreSettings {
    std::uint32_t shards = 1;
    std::uint32_t retention_days = 30;           // of expunged messages
    std::uint64_t min_free_bytes = 256ull << 20; // below this the disk counts as full (452 4.3.1)
    bool search_index = true;                    // off: searches read every message
};

struct SmtpSettings {
    // Port 25: how long a client that is not known yet is watched for talking first; 0: not at all.
    std::chrono::milliseconds greeting_delay{500};
    bool rewrites_senders = true; // of what aliases send on to other hosts: SRS
};

// What is remembered of each mail transaction, for `mailctl message trace` and `explain`.
struct TraceSettings {
    bool is_enabled = true;
    std::chrono::seconds keep = std::chrono::hours(30 * 24);
    std::uint64_t octets = 1ull << 30; // the oldest go when there are more
};

// A way that some of it takes, as it is written; checked. See relay/route.hpp.
struct RouteSettings {
    std::string to = "*";
    std::string from = "*";
    std::string via = "mx";
    std::string tls = "opportunistic";
    std::string hello{};
    std::vector<std::string> source{};
    std::string user{};
    std::string password_file{}; // read as users.sender
    std::string proxy{};         // "socks5://…"; empty: none
    friend bool operator==(const RouteSettings&, const RouteSettings&) = default;
};

// Mail to other hosts.
struct QueueSettings {
    bool is_sending = true; // false: it waits, held
    std::chrono::seconds retry_first = std::chrono::minutes(2);
    std::chrono::seconds retry_most = std::chrono::hours(4);
    std::chrono::seconds lifetime = std::chrono::hours(5 * 24);
    std::chrono::seconds delay_notice = std::chrono::hours(4);
    std::uint32_t connections = 200;
    std::uint32_t connections_per_destination = 20;
    std::uint16_t port = 25;
    bool allows_loopback = false; // an MX may lead there
    bool asks_sts = true;         // MTA-STS, RFC 8461
    std::vector<RouteSettings> routes{};
    std::string authorities; // PEM file of those who vouch for other hosts; empty: the system's
    friend bool operator==(const QueueSettings&, const QueueSettings&) = default;
};

// What everybody who is logged in may read of the server (RFC 5464 §6.2); empty: nothing.
struct ImapSettings {
    std::string comment;
    std::string admin; // a URI
};

// Reports of other hosts about our domains' mail, and ours about theirs.
struct ReportSettings {
    std::string mailbox; // the account that gets them; empty: none
    bool sends = false;  // aggregate reports of DMARC
    bool sends_tls = false;
    std::string from;                  // ours: whom they come from
    std::string organization;          // who they say we are; empty only where nothing is sent
    std::uint32_t most_a_day = 1000;   // domains that get one
    std::vector<std::string> excluded; // with what is below them; lower case, A-labels
    bool tells_own = false;            // our own domains get some, too
};

// What the host tells its admin by mail (admin_care.hpp).
enum class SummaryMode : std::uint8_t { off, changes, daily };
struct NoticeSettings {
    std::string to = "postmaster"; // an address; or postmaster, whoever that is
    SummaryMode summary = SummaryMode::daily;
    std::chrono::seconds at{std::chrono::hours(6)}; // behind midnight of UTC
    bool alerts = true;
};

struct Config {
    std::string file;                      // where it was read from
    std::string hostname;                  // lower case; in greetings, Received and message ids
    std::vector<ListenerConfig> listeners; // without the control socket
    Paths paths;
    LogSettings log;
    Users users;
    TlsFiles tls;
    std::uint32_t pool_workers = 0; // as written; 0: one a core, if there is memory for them
    std::uint32_t workers = 1;      // those of the plan
    Limits limits;
    MemoryPlan memory; // made of the limits
    PlaintextLogin plaintext = PlaintextLogin::never;
    bool offers_scram = true;
    auth::LoginLimits login_limits;    // without its trusted networks
    auth::ClientLimits client_limits;  // likewise
    std::vector<net::Network> trusted; // may relay without a login; are never banned
    std::vector<net::Network> proxies; // must say whose each connection is: net::ProxyHeader
    OauthSettings oauth;
    SubmissionSettings submission;
    LocalSettings local;
    StoreSettings store;
    ImapSettings imap;
    DnsSettings dns;
    VerifySettings verify;
    DkimSettings dkim;
    SmtpSettings smtp;
    TraceSettings trace;
    QueueSettings queue;
    ReportSettings reports;
    NoticeSettings notices;
};

} // namespace maild::daemon
