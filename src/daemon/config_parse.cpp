#include "daemon/config_file.hpp"
#include "daemon/config_sections.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/log.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

// RFC 1123 §2.1, RFC 5321 §2.3.5: letters, digits and hyphens, at least two labels.
bool is_host_name(std::string_view name) {
    if (name.empty() || name.size() > 253 || name.find('.') == name.npos) return false;
    std::size_t label = 0;
    char before = '.';
    for (const char c : name) {
        if (c == '.') {
            if (label == 0 || before == '-') return false;
            label = 0;
        } else {
            const bool good = ascii::is_alpha(c) || ascii::is_digit(c) || (c == '-' && label > 0);
            if (!good || ++label > 63) return false;
        }
        before = c;
    }
    return label > 0 && before != '-';
}

void read_hostname(ConfigTable& top, const HostDefaults& host, std::string& out) {
    out = host.hostname;
    top.text("hostname", out);
    for (char& c : out) c = ascii::to_lower(c);
    if (out.empty()) {
        top.fault("hostname", "is missing, and this host does not know its full name",
                  "write hostname = \"mail.example.org\", the name in the domain's MX record");
    } else if (!is_host_name(out)) {
        top.fault("hostname", "is " + log::escaped(out) + ", which is no fully qualified host name",
                  "write it in ASCII with its domain: \"mail.example.org\"");
    }
}

// TLS begins on the port that RFC 8314 §3.3 and §7.3 name; the others offer STARTTLS.
TlsMode default_tls(Service service, std::uint16_t port) {
    if (service == Service::lmtp) return TlsMode::none;
    return port == 465 || port == 993 || port == 995 ? TlsMode::implicit : TlsMode::starttls;
}

void read_socket_path(ConfigTable& table, ListenerConfig& listener) {
    table.absolute_path("path", listener.path);
    // sockaddr_un.sun_path, with its NUL
    if (listener.path.size() > 107) {
        table.fault("path", "is too long for a socket", "use a path of at most 107 octets");
    }
    std::string mode = "0660";
    table.text("mode", mode);
    const auto* end = mode.data() + mode.size();
    const auto parsed = std::from_chars(mode.data(), end, listener.mode, 8);
    if (parsed.ec != std::errc{} || parsed.ptr != end || listener.mode > 0777) {
        table.fault("mode", "is " + log::escaped(mode) + ", which is no permission",
                    "write three octal digits: \"0660\" or \"0666\"");
    }
}

void read_address(ConfigTable& table, ListenerConfig& listener) {
    // LMTP believes its client (RFC 2033 §5), so only this host may speak it unless the admin says
    // otherwise.
    listener.address = listener.service == Service::lmtp ? "127.0.0.1" : "*";
    table.text("address", listener.address);
    table.number<std::uint16_t>("port", listener.port, 1, 65535);
    if (!table.has("port")) {
        table.fault("port", "is missing", "write a port, or path = \"/…\" for a Unix socket");
    }
    if (listener.address == "*") return;
    const auto address = net::parse_ip(listener.address);
    if (address) {
        listener.address = net::format_ip(*address);
    } else {
        table.fault("address", "is " + log::escaped(listener.address) + ", which is no IP address",
                    "write it in digits, \"192.0.2.1\" or \"2001:db8::1\", or \"*\" for all");
    }
}

void add_listener(ParsedConfig& parsed, const ListenerConfig& listener) {
    for (const auto& other : parsed.config.listeners) {
        if (!listener.same_endpoint(other)) continue;
        parsed.faults.push_back({{listener.line, 1},
                                 "listener " + listener.endpoint() +
                                     " is there twice, first in line " + std::to_string(other.line),
                                 "remove one of them, or give it another address or port"});
        return;
    }
    parsed.config.listeners.push_back(listener);
}

void read_listener(const toml::table& node, ParsedConfig& parsed) {
    const auto faults_before = parsed.faults.size();
    // Positions of an earlier listener must not stand for this one's.
    std::erase_if(parsed.positions,
                  [](const auto& entry) { return entry.first.starts_with("listener."); });
    ConfigTable table(node, "listener", parsed);
    ListenerConfig listener;
    listener.line = table.position().line;
    if (!table.has("service")) table.fault("service", "is missing", "write service = \"smtp\"");
    table.choice<Service>("service", listener.service,
                          {{"smtp", Service::smtp},
                           {"submission", Service::submission},
                           {"lmtp", Service::lmtp},
                           {"imap", Service::imap},
                           {"pop3", Service::pop3}});
    if (table.has("path"))
        read_socket_path(table, listener);
    else
        read_address(table, listener);
    listener.tls =
        listener.is_unix() ? TlsMode::none : default_tls(listener.service, listener.port);
    table.choice<TlsMode>("tls", listener.tls,
                          {{"none", TlsMode::none},
                           {"starttls", TlsMode::starttls},
                           {"implicit", TlsMode::implicit}});
    if (listener.tls != TlsMode::none &&
        (listener.is_unix() || listener.service == Service::lmtp)) {
        table.fault("tls", "is not there for LMTP and Unix sockets", "remove it");
    }
    table.report_unknown_keys();
    if (parsed.faults.size() != faults_before) return;
    if (listener.address != "*") return add_listener(parsed, listener);
    listener.address = "0.0.0.0";
    add_listener(parsed, listener);
    listener.address = "::";
    listener.is_optional = true;
    add_listener(parsed, listener);
}

// RFC 8314 §3.3: implicit TLS beside the older ports that offer STARTTLS.
void add_standard_listeners(ParsedConfig& parsed) {
    constexpr std::array<std::pair<Service, std::uint16_t>, 7> kStandard{
        {{Service::smtp, 25},
         {Service::submission, 587},
         {Service::submission, 465},
         {Service::imap, 143},
         {Service::imap, 993},
         {Service::pop3, 110},
         {Service::pop3, 995}}};
    for (const auto& [service, port] : kStandard) {
        ListenerConfig listener{.service = service,
                                .address = "0.0.0.0",
                                .port = port,
                                .path = {},
                                .tls = default_tls(service, port)};
        parsed.config.listeners.push_back(listener);
        listener.address = "::";
        listener.is_optional = true;
        parsed.config.listeners.push_back(listener);
    }
}

void read_listeners(ConfigTable& top, ParsedConfig& parsed) {
    const auto* listeners = top.array("listener");
    if (listeners == nullptr) {
        if (!top.has("listener")) add_standard_listeners(parsed);
        return;
    }
    if (listeners->size() > kMaxListeners) {
        top.fault("listener", "is there more than " + std::to_string(kMaxListeners) + " times",
                  "remove some, or listen on \"*\"");
        return;
    }
    for (const auto& node : *listeners) {
        const auto* table = node.as_table();
        if (table != nullptr)
            read_listener(*table, parsed);
        else
            top.fault("listener", "holds something that is no table", "write [[listener]]");
    }
}

} // namespace

void read_networks(ConfigTable& table, std::string_view key, std::vector<net::Network>& out) {
    const auto* networks = table.array(key);
    if (networks == nullptr) return;
    out.clear();
    if (networks->size() > kMaxNetworks) {
        table.fault(key, "has more than " + std::to_string(kMaxNetworks) + " networks",
                    "write fewer and greater ones");
        return;
    }
    for (const auto& node : *networks) {
        const auto text = node.value_exact<std::string>();
        const auto network = text ? net::parse_network(*text) : std::nullopt;
        if (network)
            out.push_back(*network);
        else
            table.fault(key,
                        "holds " + (text ? log::escaped(*text) : "something that is no string") +
                            ", which is no network",
                        "write \"192.0.2.0/24\", with zero bits behind the prefix");
    }
}

namespace {

void read_log(ConfigTable& table, LogSettings& out) {
    std::string to = "syslog";
    table.text("to", to);
    table.choice<LogLevel>("level", out.level,
                           {{"debug", LogLevel::debug},
                            {"info", LogLevel::info},
                            {"warning", LogLevel::warning},
                            {"error", LogLevel::error}});
    if (to == "syslog") {
        out.target = LogSettings::Target::syslog;
    } else if (to == "stderr") {
        out.target = LogSettings::Target::standard_error;
    } else if (to.starts_with('/')) {
        out.target = LogSettings::Target::file;
        out.path = to;
    } else {
        table.fault("to", "is " + log::escaped(to) + ", which is no log",
                    "write \"syslog\", \"stderr\" or the whole path of a file");
    }
}

void read_users(ConfigTable& table, Users& out) {
    table.text("control", out.control);
    table.text("worker", out.worker);
    table.text("auth", out.auth);
    table.text("store", out.store);
    table.text("sender", out.sender);
}

void read_limits(ConfigTable& table, Limits& out) {
    table.size("message_size", out.message_bytes, 64ull << 10, 1ull << 30);
    table.number<std::uint32_t>("recipients", out.recipients, 100, 10'000);
    table.number<std::uint32_t>("connections", out.connections, 16, 1'000'000);
    table.number<std::uint32_t>("newcomers", out.newcomers, 1, 100);
    read_memory(table, out.memory_bytes);
    table.size("worker_memory", out.worker_memory_bytes, 128ull << 20, 1ull << 40);
    table.span("smtp_idle", out.smtp_idle, 10s, 1h);
    table.span("imap_idle", out.imap_idle, 1min, 24h);
    table.span("pop3_idle", out.pop3_idle, 1min, 24h);
    table.span("login_time", out.login_time, 10s, 1h);
    table.span("tls_handshake", out.tls_handshake, 1s, 5min);
    table.span("future_release", out.future_release, 0s, std::chrono::days(366));
    table.span("drain_time", out.drain_time, 0s, 10min);
}

void read_store(ConfigTable& table, StoreSettings& out) {
    table.number<std::uint32_t>("shards", out.shards, 1, 64);
    table.number<std::uint32_t>("retention_days", out.retention_days, 0, 3650);
    table.size("min_free", out.min_free_bytes, 0, 1ull << 50);
    table.choice("search_index", out.search_index, {{"on", true}, {"off", false}});
}

void read_trace(ConfigTable& table, TraceSettings& out) {
    table.choice("record", out.is_enabled, {{"on", true}, {"off", false}});
    table.span("keep", out.keep, 24h, 24h * 3650);
    table.size("size", out.octets, 64ull << 20, 1ull << 50);
}

// RFC 3986 §3: scheme ":", and what a URI can be made of; RFC 5464 §6.2.2 wants one.
bool is_uri(std::string_view text) {
    const auto scheme = text.substr(0, text.find(':'));
    const auto is_scheme_char = [](char c) {
        return ascii::is_alnum(c) || c == '+' || c == '-' || c == '.';
    };
    const auto is_uri_char = [](char c) {
        return !ascii::is_control(c) && !ascii::is_8bit(c) &&
               !std::string_view(" \"<>\\^`{|}").contains(c);
    };
    return scheme.size() + 1 < text.size() && !scheme.empty() && ascii::is_alpha(scheme.front()) &&
           std::ranges::all_of(scheme, is_scheme_char) && std::ranges::all_of(text, is_uri_char);
}

void read_imap(ConfigTable& table, ImapSettings& out) {
    table.text("comment", out.comment);
    table.text("admin", out.admin);
    if (!out.admin.empty() && !is_uri(out.admin))
        table.fault("admin", "is " + log::escaped(out.admin) + ", which is no URI",
                    "write \"mailto:postmaster@example.org\" or the like");
}

void read_login_limits(ConfigTable& table, auth::LoginLimits& out) {
    constexpr std::chrono::seconds kDay = 24h;
    table.limit("failures_allowed", out.failures_allowed, 10'000);
    table.span("failures_window", out.failures_window, 10s, kDay);
    table.span("failure_delay_max", out.failure_delay_max, 1s, 30s);
    table.limit("ban_after", out.ban_after, 10'000);
    table.span("ban_time", out.ban_time, 1s, 30 * kDay);
    table.span("ban_time_max", out.ban_time_max, 1s, 365 * kDay);
    if (out.ban_after != 0 && out.ban_after < out.failures_allowed)
        table.fault("ban_after", "is less than auth.failures_allowed", "write the same or more");
    if (out.ban_time_max < out.ban_time)
        table.fault("ban_time_max", "is less than auth.ban_time", "write the same or more");
}

// Reads one table when it is there, and says what in it nobody knows.
template <class Read>
void section(ConfigTable& top, const char* name, ParsedConfig& parsed, Read read) {
    const auto* node = top.table(name);
    if (node == nullptr) return;
    ConfigTable table(*node, name, parsed);
    read(table);
    table.report_unknown_keys();
}

void read_all(const toml::table& root, ParsedConfig& parsed, const HostDefaults& host) {
    auto& config = parsed.config;
    ConfigTable top(root, "", parsed);
    read_hostname(top, host, config.hostname);
    read_listeners(top, parsed);
    section(top, "paths", parsed, [&](ConfigTable& table) {
        table.absolute_path("data", config.paths.data);
        table.absolute_path("run", config.paths.run);
    });
    section(top, "log", parsed, [&](ConfigTable& table) { read_log(table, config.log); });
    section(top, "users", parsed, [&](ConfigTable& table) { read_users(table, config.users); });
    section(top, "tls", parsed, [&](ConfigTable& table) { read_tls(table, config.tls, parsed); });
    section(top, "pool", parsed, [&](ConfigTable& table) {
        table.number<std::uint32_t>("workers", config.pool_workers, 0, 256);
    });
    section(top, "limits", parsed, [&](ConfigTable& table) {
        read_limits(table, config.limits);
        read_session_limits(table, config.limits);
        read_client_limits(table, config.client_limits);
        read_send_limits(table, config.submission.limits);
    });
    section(top, "submission", parsed, [&](ConfigTable& table) {
        table.choice("from", config.submission.checks_from, {{"own", true}, {"any", false}});
    });
    section(top, "local", parsed, [&](ConfigTable& table) { read_local(table, config.local); });
    complete_local(config.hostname, config.local);
    section(top, "auth", parsed, [&](ConfigTable& table) {
        table.choice<PlaintextLogin>(
            "plaintext", config.plaintext,
            {{"never", PlaintextLogin::never}, {"loopback", PlaintextLogin::loopback}});
        table.choice<bool>("scram", config.offers_scram, {{"offered", true}, {"never", false}});
        read_login_limits(table, config.login_limits);
    });
    section(top, "network", parsed, [&](ConfigTable& table) {
        read_networks(table, "trusted", config.trusted);
        read_networks(table, "proxies", config.proxies);
    });
    section(top, "dns", parsed, [&](ConfigTable& table) { read_dns(table, config.dns); });
    section(top, "oauth", parsed, [&](ConfigTable& table) { read_oauth(table, config.oauth); });
    section(top, "store", parsed, [&](ConfigTable& table) { read_store(table, config.store); });
    section(top, "smtp", parsed, [&](ConfigTable& table) {
        table.delay("greeting_delay", config.smtp.greeting_delay, 0ms, 30s);
        table.choice<bool>("rewrite_senders", config.smtp.rewrites_senders,
                           {{"on", true}, {"off", false}});
    });
    section(top, "imap", parsed, [&](ConfigTable& table) { read_imap(table, config.imap); });
    section(top, "verify", parsed, [&](ConfigTable& table) { read_verify(table, config.verify); });
    section(top, "dkim", parsed, [&](ConfigTable& table) { read_dkim(table, config.dkim); });
    section(top, "trace", parsed, [&](ConfigTable& table) { read_trace(table, config.trace); });
    section(top, "queue", parsed,
            [&](ConfigTable& table) { read_queue(table, config.queue, parsed); });
    section(top, "reports", parsed, [&](ConfigTable& table) { read_reports(table, config); });
    section(top, "notices", parsed,
            [&](ConfigTable& table) { read_notices(table, config.notices); });
    top.report_unknown_keys();
    divide_memory(parsed, host);
}

} // namespace

ParsedConfig parse_config(std::string_view text, const std::string& file,
                          const HostDefaults& host) {
    ParsedConfig parsed;
    parsed.config.file = file;
    if (text.size() > kMaxConfigBytes) {
        parsed.faults.push_back({{},
                                 "the file is longer than 64 KiB",
                                 "what is not explained in the shipped example belongs into the "
                                 "directory: see mailctl"});
        return parsed;
    }
    try {
        const auto root = toml::parse(text, std::string_view(file));
        read_all(root, parsed, host);
    } catch (const toml::parse_error& error) {
        const auto at = error.source().begin;
        parsed.faults.push_back(
            {{static_cast<std::uint32_t>(at.line), static_cast<std::uint32_t>(at.column)},
             "syntax: " + std::string(error.description()),
             "see https://toml.io/en/v1.0.0 and the shipped example"});
    }
    return parsed;
}

} // namespace maild::daemon
