#include "daemon/config_file.hpp"
#include "support/source_dir.hpp"

#include "maild/base/clock.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr HostDefaults kHost{.hostname = {}, .cores = 3};
const HostDefaults kNamed{.hostname = "mx.example.net", .cores = 3};

std::string faults_of(std::string_view text) {
    return format_faults("m.toml", parse_config(text, "m.toml", kNamed).faults);
}

std::string shipped_example() {
    std::ifstream in(maild::test::source_dir() / "conf/maild.toml");
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

TEST(Config, ShippedExampleIsGoodAndSaysTheDefaults) {
    const auto text = shipped_example();
    ASSERT_FALSE(text.empty());
    const auto got = parse_config(text, "maild.toml", kHost);
    EXPECT_EQ(format_faults("maild.toml", got.faults), "");
    const auto plain = parse_config("", "maild.toml", kNamed).config;
    const auto& config = got.config;
    EXPECT_EQ(config.hostname, "mail.example.org");
    EXPECT_EQ(config.workers, 3u);
    EXPECT_EQ(config.paths.data, plain.paths.data);
    EXPECT_EQ(config.paths.run, plain.paths.run);
    EXPECT_EQ(config.log.target, plain.log.target);
    EXPECT_EQ(config.users.sender, plain.users.sender);
    EXPECT_EQ(config.limits.message_bytes, plain.limits.message_bytes);
    EXPECT_EQ(config.limits.recipients, plain.limits.recipients);
    EXPECT_EQ(config.limits.connections, plain.limits.connections);
    EXPECT_EQ(config.client_limits.connections, plain.client_limits.connections);
    for (std::size_t i = 0; i < auth::kRates; ++i) {
        EXPECT_EQ(config.client_limits.rates[i].address, plain.client_limits.rates[i].address);
        EXPECT_EQ(config.client_limits.rates[i].network, plain.client_limits.rates[i].network);
    }
    EXPECT_EQ(config.limits.session_commands, plain.limits.session_commands);
    EXPECT_EQ(config.limits.imap_bad_commands, plain.limits.imap_bad_commands);
    EXPECT_EQ(config.limits.pop3_bad_commands, plain.limits.pop3_bad_commands);
    EXPECT_EQ(config.limits.newcomers, plain.limits.newcomers);
    EXPECT_EQ(config.limits.bad_commands, plain.limits.bad_commands);
    EXPECT_EQ(config.limits.idle_commands, plain.limits.idle_commands);
    EXPECT_EQ(config.limits.refused_recipients, plain.limits.refused_recipients);
    EXPECT_EQ(config.limits.smtp_auth_failures, plain.limits.smtp_auth_failures);
    EXPECT_EQ(config.limits.imap_auth_failures, plain.limits.imap_auth_failures);
    EXPECT_EQ(config.limits.pop3_auth_failures, plain.limits.pop3_auth_failures);
    EXPECT_EQ(config.submission.checks_from, plain.submission.checks_from);
    EXPECT_EQ(config.submission.limits.messages_per_day, plain.submission.limits.messages_per_day);
    EXPECT_EQ(config.submission.limits.recipients_per_day,
              plain.submission.limits.recipients_per_day);
    EXPECT_EQ(config.limits.worker_memory_bytes, plain.limits.worker_memory_bytes);
    EXPECT_EQ(config.limits.smtp_idle, plain.limits.smtp_idle);
    EXPECT_EQ(config.limits.imap_idle, plain.limits.imap_idle);
    EXPECT_EQ(config.verify.exempt, plain.verify.exempt);
    EXPECT_TRUE(config.dns == plain.dns);
    EXPECT_EQ(config.verify.enforces_dmarc, plain.verify.enforces_dmarc);
    EXPECT_EQ(config.verify.rejects_spf_fail, plain.verify.rejects_spf_fail);
    EXPECT_EQ(config.oauth.authentication, plain.oauth.authentication);
    EXPECT_EQ(config.oauth.ca, plain.oauth.ca);
    EXPECT_EQ(config.oauth.timeout, plain.oauth.timeout);
    EXPECT_EQ(config.oauth.rules.cache, plain.oauth.rules.cache);
    EXPECT_EQ(config.oauth.claims, plain.oauth.claims);
    EXPECT_EQ(config.limits.pop3_idle, plain.limits.pop3_idle);
    EXPECT_EQ(config.limits.login_time, plain.limits.login_time);
    EXPECT_EQ(config.limits.tls_handshake, plain.limits.tls_handshake);
    EXPECT_EQ(config.limits.drain_time, plain.limits.drain_time);
    EXPECT_EQ(config.store.retention_days, plain.store.retention_days);
    EXPECT_EQ(config.store.min_free_bytes, plain.store.min_free_bytes);
    EXPECT_EQ(config.store.search_index, plain.store.search_index);
    EXPECT_EQ(config.smtp.greeting_delay, 500ms);
    EXPECT_TRUE(config.smtp.rewrites_senders);
    EXPECT_TRUE(config.tls.tickets);
    EXPECT_TRUE(config.tls.named.empty() && config.proxies.empty());
    EXPECT_EQ(config.imap.comment + config.imap.admin, "");
    EXPECT_EQ(config.trace.is_enabled, plain.trace.is_enabled);
    EXPECT_EQ(config.trace.keep, plain.trace.keep);
    EXPECT_EQ(config.trace.octets, plain.trace.octets);
    EXPECT_EQ(config.reports.mailbox + config.reports.from, "");
    EXPECT_EQ(config.reports.sends, plain.reports.sends);
    EXPECT_EQ(config.reports.sends_tls, plain.reports.sends_tls);
    EXPECT_EQ(config.notices.to, plain.notices.to);
    EXPECT_EQ(config.notices.summary, plain.notices.summary);
    EXPECT_EQ(config.notices.at, plain.notices.at);
    EXPECT_EQ(config.notices.alerts, plain.notices.alerts);
    EXPECT_EQ(config.reports.most_a_day, plain.reports.most_a_day);
    EXPECT_EQ(config.reports.excluded, plain.reports.excluded);
    EXPECT_EQ(config.reports.tells_own, plain.reports.tells_own);
    ASSERT_EQ(config.listeners.size(), plain.listeners.size() + 1); // and LMTP's socket
    for (std::size_t i = 0; i < plain.listeners.size(); ++i) {
        EXPECT_TRUE(config.listeners[i].same_endpoint(plain.listeners[i])) << i;
        EXPECT_EQ(config.listeners[i].tls, plain.listeners[i].tls) << i;
        EXPECT_EQ(config.listeners[i].service, plain.listeners[i].service) << i;
    }
    EXPECT_EQ(config.listeners.back().endpoint(), "/run/maild/lmtp.sock");
    EXPECT_EQ(config.listeners.back().mode, 0660u);
}

// What the parser says of a table with a key that it does not know: "…, or write one of a, b, c".
std::vector<std::string> known_keys(const std::string& table_with_stray_key) {
    const auto got = parse_config(table_with_stray_key, "m.toml", kNamed);
    constexpr std::string_view kBefore = "write one of ";
    std::vector<std::string> keys;
    for (const auto& fault : got.faults) {
        if (!fault.what.ends_with("stray is not a known key")) continue;
        std::istringstream names(fault.remedy.substr(fault.remedy.find(kBefore) + kBefore.size()));
        for (std::string name; std::getline(names >> std::ws, name, ',');) keys.push_back(name);
    }
    return keys;
}

// The lines of one table of the shipped example, which may be commented out, or those above all.
std::string section_of(const std::string& text, const std::string& table) {
    std::istringstream lines(text);
    std::string section;
    bool is_inside = table.empty();
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('['))
            is_inside = line == "[" + table + "]" || line == "[[" + table + "]]";
        if (is_inside) section += line.starts_with("# ") ? line.substr(2) + "\n" : line + "\n";
    }
    return section;
}

TEST(Config, ShippedExampleHasEveryKeyThatIsKnown) {
    const auto text = shipped_example();
    const auto tables = known_keys("stray = 1\n");
    ASSERT_GE(tables.size(), 11U);
    for (const auto& table : tables) {
        if (table == "hostname") continue;
        auto keys = known_keys("[" + table + "]\nstray = 1\n");
        if (table == "listener") {
            keys = known_keys("[[listener]]\nservice = \"smtp\"\nport = 25\nstray = 1\n");
            const auto of_unix =
                known_keys("[[listener]]\nservice = \"lmtp\"\npath = \"/s\"\nstray = 1\n");
            keys.insert(keys.end(), of_unix.begin(), of_unix.end());
        }
        EXPECT_FALSE(keys.empty()) << table;
        for (const auto& key : keys)
            EXPECT_NE(("\n" + section_of(text, table)).find("\n" + key + " = "), std::string::npos)
                << table << "." << key << " is not in conf/maild.toml";
    }
    EXPECT_NE(section_of(text, "").find("hostname = "), std::string::npos);
}

TEST(Config, ShippedExampleHasNoOtherKeyCommentedOut) {
    std::istringstream lines(shipped_example());
    std::string text;
    for (std::string line; std::getline(lines, line);) {
        const auto equals = line.find(" = ");
        const bool is_key = line.starts_with("# ") && equals != line.npos &&
                            line.substr(2, equals - 2).find(' ') == line.npos;
        text += (is_key ? line.substr(2) : line) + "\n";
    }
    const auto got = parse_config(text, "maild.toml", kHost);
    EXPECT_EQ(format_faults("maild.toml", got.faults), "");
    EXPECT_EQ(got.config.tls.key, "/etc/letsencrypt/live/mail.example.org/privkey.pem");
}

TEST(Config, TakesEveryForm) {
    const auto got = parse_config(R"(
hostname = "MX.Example.ORG"
[[listener]]
service = "imap"
address = "2001:DB8::1"
port = 20993
tls = "implicit"
[[listener]]
service = "lmtp"
port = 24
[[listener]]
service = "pop3"
address = "127.0.0.1"
port = 995
[log]
to = "/var/log/maild.log"
level = "debug"
[limits]
message_size = 1048576
smtp_idle = 90
imap_idle = "1 h"
pop3_idle = "20 min"
drain_time = "0s"
future_release = "2 d"
[auth]
plaintext = "loopback"
scram = "never"
failures_allowed = 3
failures_window = "1 h"
failure_delay_max = 30
ban_after = 3
ban_time = "2 h"
ban_time_max = "7 d"
[network]
trusted = ["192.0.2.0/24", "2001:db8::/32", "127.0.0.1"]
proxies = ["192.0.2.250", "2001:db8:1::/64"]
[pool]
workers = 7
[smtp]
greeting_delay = "250 ms"
rewrite_senders = "off"
[tls]
tickets = "off"
[[tls.certificates]]
certificate = "/etc/maild/net.pem"
key = "/etc/maild/net.key"
names = ["Mail.Example.NET", "*.example.net"]
[reports]
mailbox = "dmarc@example.org"
from = "postmaster@example.org"
organization = "Example"
most_a_day = 7
exclude = ["Example.NET"]
own_domains = "on"
[notices]
to = "admin@example.org"
summary = "changes"
at = "90 min"
alerts = "off"
[imap]
comment = "Wartung: sonntags"
admin = "tel:+44-20-7946-0000"
)",
                                  "m.toml", kHost);
    EXPECT_EQ(format_faults("m.toml", got.faults), "");
    const auto& config = got.config;
    EXPECT_EQ(config.hostname, "mx.example.org");
    ASSERT_EQ(config.listeners.size(), 3u);
    EXPECT_EQ(config.listeners[0].endpoint(), "[2001:db8::1]:20993");
    EXPECT_EQ(config.listeners[0].line, 3u);
    EXPECT_EQ(config.listeners[1].endpoint(), "127.0.0.1:24");
    EXPECT_EQ(config.listeners[1].tls, TlsMode::none);
    EXPECT_EQ(config.listeners[2].service, Service::pop3);
    EXPECT_EQ(config.listeners[2].tls, TlsMode::implicit);
    EXPECT_EQ(config.log.target, LogSettings::Target::file);
    EXPECT_EQ(config.log.path, "/var/log/maild.log");
    EXPECT_EQ(config.limits.message_bytes, 1048576u);
    EXPECT_EQ(config.limits.smtp_idle, 90s);
    EXPECT_EQ(config.limits.imap_idle, 1h);
    EXPECT_EQ(config.limits.pop3_idle, 20min);
    EXPECT_EQ(config.limits.drain_time, 0s);
    EXPECT_EQ(config.limits.future_release, 48h);
    EXPECT_EQ(config.plaintext, PlaintextLogin::loopback);
    EXPECT_FALSE(config.offers_scram);
    EXPECT_EQ(config.login_limits.failures_allowed, 3u);
    EXPECT_EQ(config.login_limits.failures_window, 1h);
    EXPECT_EQ(config.login_limits.failure_delay_max, 30s);
    EXPECT_EQ(config.login_limits.ban_after, 3u);
    EXPECT_EQ(config.login_limits.ban_time, 2h);
    EXPECT_EQ(config.login_limits.ban_time_max, 24h * 7);
    EXPECT_EQ(config.smtp.greeting_delay, 250ms);
    EXPECT_FALSE(config.smtp.rewrites_senders);
    EXPECT_FALSE(config.tls.tickets);
    ASSERT_EQ(config.tls.named.size(), 1u);
    EXPECT_EQ(config.tls.named[0].key, "/etc/maild/net.key");
    EXPECT_EQ(config.tls.named[0].names,
              (std::vector<std::string>{"mail.example.net", "*.example.net"}));
    EXPECT_EQ(config.imap.comment, "Wartung: sonntags");
    EXPECT_EQ(config.reports.mailbox, "dmarc@example.org");
    EXPECT_EQ(config.reports.from, "postmaster@example.org");
    EXPECT_EQ(config.reports.organization, "Example");
    EXPECT_EQ(config.reports.most_a_day, 7u);
    EXPECT_EQ(config.reports.excluded, std::vector<std::string>{"example.net"});
    EXPECT_TRUE(config.reports.tells_own);
    EXPECT_EQ(config.notices.to, "admin@example.org");
    EXPECT_EQ(config.notices.summary, SummaryMode::changes);
    EXPECT_EQ(config.notices.at, 90min);
    EXPECT_FALSE(config.notices.alerts);
    EXPECT_EQ(config.imap.admin, "tel:+44-20-7946-0000");
    EXPECT_EQ(config.trusted.size(), 3u);
    EXPECT_EQ(config.proxies.size(), 2u);
    EXPECT_EQ(config.workers, 7u);
}

struct FaultCase {
    const char* name;
    const char* text;
    const char* place; // "m.toml:LINE:COLUMN"
    const char* what;
    const char* remedy;
};

class ConfigFaultTable : public testing::TestWithParam<FaultCase> {};

TEST_P(ConfigFaultTable, SaysPlaceAndRemedy) {
    const auto got = faults_of(GetParam().text);
    EXPECT_TRUE(got.starts_with(GetParam().place)) << got;
    EXPECT_NE(got.find(GetParam().what), got.npos) << got;
    EXPECT_NE(got.find(GetParam().remedy), got.npos) << got;
    EXPECT_EQ(std::ranges::count(got, '\n'), 2) << got; // this fault and no other
}

INSTANTIATE_TEST_SUITE_P(
    Config, ConfigFaultTable,
    testing::Values(
        FaultCase{"Syntax", "hostname = \"mx.example.org\"\nworkers = \n", "m.toml:2:", "syntax",
                  "example"},
        FaultCase{"DuplicateKey", "hostname = \"a.example\"\nhostname = \"b.example\"\n",
                  "m.toml:2:", "syntax", "example"},
        FaultCase{"UnknownKey", "hostname = \"a.example\"\nhostnam = 1\n",
                  "m.toml:2:1: ", "hostnam is not a known key", "hostname"},
        FaultCase{"UnknownTable", "[limit]\n", "m.toml:1:", "limit is not a known key", "limits"},
        FaultCase{"UnknownKeyInTable", "[limits]\nmesage_size = 1\n",
                  "m.toml:2:1: ", "limits.mesage_size is not a known key", "message_size"},
        FaultCase{"WrongType", "hostname = 5\n", "m.toml:1:12: ", "hostname is an integer",
                  "string"},
        FaultCase{"BadHostname", "hostname = \"mail\"\n", "m.toml:1:12: ", "fully qualified",
                  "mail.example.org"},
        FaultCase{"HostnameWithSpace", "hostname = \"a b.example\"\n",
                  "m.toml:1:12: ", "fully qualified", "ASCII"},
        FaultCase{"BadSize", "[limits]\nmessage_size = \"50 XB\"\n", "m.toml:2:16: ", "no size",
                  "50 MiB"},
        FaultCase{"SizeRange", "[limits]\nmessage_size = \"1 TiB\"\n",
                  "m.toml:2:16: ", "out of range", "from \"64 KiB\" to \"1 GiB\""},
        FaultCase{"SizeOverflow", "[limits]\nmessage_size = \"99999999999999999 GiB\"\n",
                  "m.toml:2:16: ", "no size", "MiB"},
        FaultCase{"NegativeSize", "[limits]\nmessage_size = -1\n", "m.toml:2:16: ", "no size",
                  "MiB"},
        FaultCase{"BadSpan", "[limits]\nsmtp_idle = \"soon\"\n", "m.toml:2:13: ", "no span",
                  "5 min"},
        FaultCase{"SpanRange", "[limits]\nsmtp_idle = 1\n", "m.toml:2:13: ", "out of range",
                  "from \"10 s\" to \"1 h\""},
        FaultCase{"NumberRange", "[limits]\nrecipients = 4294967396\n",
                  "m.toml:2:14: ", "out of range", "from 100 to 10000"},
        FaultCase{"NoInteger", "[pool]\nworkers = 1.5\n", "m.toml:2:11: ", "floating-point",
                  "whole number"},
        FaultCase{"BadChoice", "[auth]\nplaintext = \"always\"\n", "m.toml:2:13: ", "always",
                  "\"never\", \"loopback\""},
        FaultCase{"AdminWithoutScheme", "[imap]\nadmin = \"ada@example.org\"\n",
                  "m.toml:2:9: ", "no URI", "mailto:"},
        FaultCase{"AdminWithSpace", "[imap]\nadmin = \"mailto:a b@example.org\"\n",
                  "m.toml:2:9: ", "no URI", "mailto:"},
        FaultCase{"RelativePath", "[paths]\ndata = \"var\"\n", "m.toml:2:8: ", "absolute",
                  "beginning with /"},
        FaultCase{"RootAsPath", "[paths]\ndata = \"//\"\n", "m.toml:2:8: ", "absolute",
                  "beginning with /"},
        FaultCase{"BadLog", "[log]\nto = \"file\"\n", "m.toml:2:6: ", "no log", "syslog"},
        FaultCase{"CertificateWithoutKey", "[tls]\ncertificate = \"/a\"\n",
                  "m.toml:1:", "tls.key is missing", "self-signed"},
        FaultCase{"NoService", "[[listener]]\nport = 25\n", "m.toml:1:", "service is missing",
                  "service = \"smtp\""},
        FaultCase{"UnknownService", "[[listener]]\nservice = \"nntp\"\nport = 119\n",
                  "m.toml:2:11: ", "nntp", "\"imap\""},
        FaultCase{"NoPort", "[[listener]]\nservice = \"smtp\"\n", "m.toml:1:", "port is missing",
                  "port"},
        FaultCase{"BadPort", "[[listener]]\nservice = \"smtp\"\nport = 65536\n",
                  "m.toml:3:8: ", "out of range", "65535"},
        FaultCase{"BadAddress",
                  "[[listener]]\nservice = \"smtp\"\naddress = \"localhost\"\nport = 25\n",
                  "m.toml:3:11: ", "no IP address", "digits"},
        FaultCase{"DuplicateListener",
                  "[[listener]]\nservice = \"smtp\"\naddress = \"127.0.0.1\"\nport = 25\n"
                  "[[listener]]\nservice = \"imap\"\naddress = \"127.0.0.1\"\nport = 25\n",
                  "m.toml:5:", "there twice, first in line 1", "another address"},
        FaultCase{"ListenerIsNoArray", "[listener]\nservice = \"smtp\"\n",
                  "m.toml:1:", "is a table", "array"},
        FaultCase{"BadMode", "[[listener]]\nservice = \"lmtp\"\npath = \"/a\"\nmode = \"rw\"\n",
                  "m.toml:4:8: ", "no permission", "0660"},
        FaultCase{"TlsOnUnixSocket",
                  "[[listener]]\nservice = \"lmtp\"\npath = \"/a\"\ntls = \"starttls\"\n",
                  "m.toml:4:7: ", "not there for LMTP", "remove"},
        FaultCase{"PortOnUnixSocket",
                  "[[listener]]\nservice = \"lmtp\"\npath = \"/a\"\nport = 24\n",
                  "m.toml:4:1: ", "not a known key", "path"},
        FaultCase{"BanBeforeTheDelay", "[auth]\nfailures_allowed = 20\nban_after = 19\n",
                  "m.toml:3:13: ", "ban_after is less than", "the same or more"},
        FaultCase{"BanBeforeTheDefaultDelay", "[auth]\nban_after = 9\n",
                  "m.toml:2:13: ", "ban_after is less than", "the same or more"},
        FaultCase{"ShorterBanThanTheFirst", "[auth]\nban_time_max = \"14 min\"\n",
                  "m.toml:2:16: ", "ban_time_max is less than", "the same or more"},
        FaultCase{"TooManyFailuresAllowed", "[auth]\nfailures_allowed = 10001\n",
                  "m.toml:2:20: ", "out of range", "10000"},
        FaultCase{"RouteToNowhere", "[[queue.routes]]\nvia = \"smtp:\"\n",
                  "m.toml:2:7: ", "queue.routes[0].via is", "smtp.example.net"},
        FaultCase{"RouteThroughNoProxy", "[[queue.routes]]\nproxy = \"http://a.example\"\n",
                  "m.toml:2:9: ", "queue.routes[0].proxy is", "socks5://"},
        FaultCase{"RouteWithoutPassword", "[[queue.routes]]\nuser = \"ada\"\n",
                  "m.toml:1:1: ", "password_file is missing", "write both"},
        FaultCase{"RetryMostBelowFirst", "[queue]\nretry_first = \"2 h\"\nretry_most = \"1 h\"\n",
                  "m.toml:3:14: ", "less than queue.retry_first", "the same or more"},
        FaultCase{"DelayTooLong", "[auth]\nfailure_delay_max = \"1 min\"\n",
                  "m.toml:2:21: ", "out of range", "30 s"},
        FaultCase{"NamedCertificateWithoutKey", "[[tls.certificates]]\ncertificate = \"/a\"\n",
                  "m.toml:1:1: ", "tls.certificates[0].key is missing", "both"},
        FaultCase{"CertificateForNoName",
                  "[[tls.certificates]]\ncertificate = \"/a\"\nkey = \"/b\"\nnames = "
                  "[\"a b\"]\n",
                  "m.toml:4:9: ", "which is no host name", "*.example.net"},
        FaultCase{"GreetingDelay", "[smtp]\ngreeting_delay = \"31 s\"\n",
                  "m.toml:2:18: ", "out of range", "30 s"},
        FaultCase{"BadProxy", "[network]\nproxies = [\"proxy.example.org\"]\n",
                  "m.toml:2:11: ", "no network", "192.0.2.0/24"},
        FaultCase{"BadNetwork", "[network]\ntrusted = [\"192.0.2.1/24\"]\n",
                  "m.toml:2:11: ", "no network", "zero bits"}),
    [](const auto& tested) { return tested.param.name; });

TEST(Config, ReportsAllFaultsInTheOrderOfTheFile) {
    const auto got = faults_of("hostname = 1\n[pool]\nworkers = -1\nthreads = 2\n[nope]\n");
    EXPECT_EQ(std::ranges::count(got, '\n'), 8) << got;
    EXPECT_LT(got.find("m.toml:1:"), got.find("m.toml:3:"));
    EXPECT_LT(got.find("m.toml:3:"), got.find("m.toml:4:"));
    EXPECT_LT(got.find("m.toml:4:"), got.find("m.toml:5:"));
}

TEST(Config, NeedsAHostNameFromSomewhere) {
    const auto got = format_faults("m.toml", parse_config("", "m.toml", kHost).faults);
    EXPECT_NE(got.find("hostname is missing"), got.npos) << got;
}

TEST(Config, HugeFileIsRefusedUnparsed) {
    const auto got = faults_of(std::string(10 << 20, '['));
    EXPECT_EQ(got, faults_of(std::string(kMaxConfigBytes + 1, '#')));
    EXPECT_NE(got.find("64 KiB"), got.npos) << got;
}

TEST(Config, DeepNestingIsASyntaxFault) {
    EXPECT_NE(faults_of("a = " + std::string(60'000, '[')).find("syntax"), std::string::npos);
}

const std::string kIssuer =
    "[oauth]\nintrospection = \"https://id.example/i\"\nclient_id = \"maild\"\n"
    "client_secret_file = \"/etc/maild/secret\"\n";

TEST(OauthConfig, IsReadWhole) {
    const auto parsed = parse_config(
        kIssuer +
            "authentication = \"post\"\nca = \"/etc/ca.pem\"\ntimeout = \"3 s\"\n"
            "cache = \"1 min\"\nissuer = \"https://id.example\"\naudience = \"mail\"\n"
            "scope = \"openid  mail\"\nclaims = [\"upn\", \"email\"]\n"
            "domain = \"example.org\"\n"
            "openid_configuration = \"https://id.example/.well-known/openid-configuration\"\n",
        "m.toml", kNamed);
    EXPECT_EQ(format_faults("m.toml", parsed.faults), "");
    const auto& oauth = parsed.config.oauth;
    EXPECT_TRUE(oauth.is_enabled());
    EXPECT_EQ(oauth.introspection.text(), "https://id.example/i");
    EXPECT_EQ(oauth.authentication, oauth::ClientAuthentication::post);
    EXPECT_EQ(oauth.client_id + " " + oauth.secret_file + " " + oauth.ca,
              "maild /etc/maild/secret /etc/ca.pem");
    EXPECT_EQ(oauth.timeout, 3s);
    EXPECT_EQ(oauth.rules.cache, 60s);
    EXPECT_EQ(oauth.rules.issuer + " " + oauth.rules.audience + " " + oauth.rules.domain,
              "https://id.example mail example.org");
    EXPECT_EQ(oauth.rules.scopes, (std::vector<std::string>{"openid", "mail"}));
    EXPECT_EQ(oauth.claims, (std::vector<std::string>{"upn", "email"}));
    EXPECT_TRUE(oauth.openid_configuration.ends_with("openid-configuration"));
    EXPECT_FALSE(parse_config("", "m.toml", kNamed).config.oauth.is_enabled());
    const auto plain = parse_config(kIssuer, "m.toml", kNamed).config.oauth;
    EXPECT_EQ(plain.claims, std::vector<std::string>{"email"});
    EXPECT_EQ(plain.ca, "/etc/ssl/certs/ca-certificates.crt");
}

TEST(OauthConfig, NamesEachFault) {
    const std::string rest = "client_id = \"m\"\nclient_secret_file = \"/s\"\n";
    const struct {
        std::string text;
        const char* want; // "": good
    } cases[] = {
        {kIssuer, ""},
        {"[oauth]\n", ""},
        {"[oauth]\ntimeout = \"3 s\"\n", ""},
        {"[oauth]\n" + rest, "oauth.introspection is missing"},
        {"[oauth]\nintrospection = \"id.example\"\n" + rest,
         "oauth.introspection is id.example, which does not begin with https://"},
        {"[oauth]\nintrospection = \"http://id.example/i\"\n" + rest,
         "oauth.introspection would send tokens and the secret in the clear"},
        {"[oauth]\nintrospection = \"http://[::1]:8080/i\"\n" + rest, ""},
        {"[oauth]\nintrospection = \"https://id.example\"\n", "oauth.client_id is missing"},
        {"[oauth]\nintrospection = \"https://id.example\"\nclient_id = \"m\"\n",
         "oauth.client_secret_file is missing"},
        {"[oauth]\nintrospection = \"https://id.example\"\nauthentication = \"bearer\"\n"
         "client_secret_file = \"/s\"\n",
         ""},
        {kIssuer + "authentication = \"none\"\n", "oauth.authentication is \"none\""},
        {kIssuer + "timeout = \"20 s\"\n", "oauth.timeout is out of range"},
        {kIssuer + "cache = \"2 d\"\n", "oauth.cache is out of range"},
        {kIssuer + "scope = \"a\\\"b\"\n", "oauth.scope holds "},
        {kIssuer + "scope = \"mail\\nx\"\n", "oauth.scope holds "},
        {kIssuer + "claims = []\n", "oauth.claims is empty"},
        {kIssuer + "claims = [\"\"]\n", "oauth.claims holds "},
        {kIssuer + "claims = [7]\n", "oauth.claims holds "},
        {kIssuer + "domain = \"@example.org\"\n", "oauth.domain is "},
        {kIssuer + "openid_configuration = \"http://id.example/\"\n",
         "oauth.openid_configuration is "},
        {kIssuer + "client_secret = \"s3cret\"\n", "oauth.client_secret is not a known key"},
    };
    for (const auto& c : cases) {
        const auto got = faults_of(c.text);
        if (*c.want == 0)
            EXPECT_EQ(got, "") << c.text;
        else
            EXPECT_NE(got.find(c.want), got.npos) << c.text << got;
    }
}

} // namespace
} // namespace maild::daemon
