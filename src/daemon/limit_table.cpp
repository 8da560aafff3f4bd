#include "daemon/limit_table.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace maild::daemon {
namespace {

using auth::Rate;

constexpr std::size_t kMostShown = 20;

constexpr std::string_view kClosed = "421 4.7.0, BYE or -ERR; the connection ends";
constexpr std::string_view kLater = "450 4.7.0";
constexpr std::string_view kSmtpEnds = "421 4.7.0; the session ends";
constexpr std::string_view kImapEnds = "BYE; the session ends";
constexpr std::string_view kPop3Ends = "-ERR; the session ends";

struct Spec {
    std::string_view name;
    std::string_view section;
    std::string_view scope;
    std::string_view unit;
    std::string_view reply;
    std::uint32_t (*limit)(const Config& config);
    bool can_be_off = true;
};

template <std::uint32_t Limits::* member> std::uint32_t of_limits(const Config& config) {
    return config.limits.*member;
}
template <Rate rate> std::uint32_t of_address(const Config& config) {
    return config.client_limits.of(rate).address;
}
template <Rate rate> std::uint32_t of_network(const Config& config) {
    return config.client_limits.of(rate).network;
}
template <std::uint32_t auth::LoginLimits::* member> std::uint32_t of_logins(const Config& config) {
    return config.login_limits.*member;
}
template <std::uint32_t directory::SendLimits::* member>
std::uint32_t of_sending(const Config& config) {
    return config.submission.limits.*member;
}
std::uint32_t open_connections(const Config& config) { return config.client_limits.connections; }

constexpr std::array kSpecs{
    Spec{"connections", "limits", "host", "open at once", kClosed, of_limits<&Limits::connections>,
         false},
    Spec{"newcomers", "limits", "worker", "percent of its connections",
         "421 4.7.0, BYE or -ERR to the oldest", of_limits<&Limits::newcomers>, false},
    Spec{"connections_per_address", "limits", "address and service", "open at once", kClosed,
         open_connections},
    Spec{"connections_per_minute", "limits", "address", "a minute", kClosed,
         of_address<Rate::connections>},
    Spec{"network_connections_per_minute", "limits", "network", "a minute", kClosed,
         of_network<Rate::connections>},
    Spec{"messages_per_hour", "limits", "address", "an hour, on port 25", kLater,
         of_address<Rate::messages>},
    Spec{"network_messages_per_hour", "limits", "network", "an hour, on port 25", kLater,
         of_network<Rate::messages>},
    Spec{"recipients_per_hour", "limits", "address", "an hour, on port 25", kLater,
         of_address<Rate::recipients>},
    Spec{"network_recipients_per_hour", "limits", "network", "an hour, on port 25", kLater,
         of_network<Rate::recipients>},
    Spec{"refused_per_hour", "limits", "address", "refused recipients an hour, on port 25", kLater,
         of_address<Rate::refused>},
    Spec{"network_refused_per_hour", "limits", "network", "refused recipients an hour, on port 25",
         kLater, of_network<Rate::refused>},
    Spec{"recipients", "limits", "message", "recipients", "452 4.5.3",
         of_limits<&Limits::recipients>, false},
    Spec{"bad_commands", "limits", "SMTP session", "bad commands between messages", kSmtpEnds,
         of_limits<&Limits::bad_commands>},
    Spec{"idle_commands", "limits", "SMTP session", "commands without mail between messages",
         kSmtpEnds, of_limits<&Limits::idle_commands>},
    Spec{"session_commands", "limits", "SMTP session", "commands", kSmtpEnds,
         of_limits<&Limits::session_commands>},
    Spec{"refused_recipients", "limits", "SMTP session", "refused recipients", kSmtpEnds,
         of_limits<&Limits::refused_recipients>},
    Spec{"imap_bad_commands", "limits", "IMAP session", "bad commands in a row", kImapEnds,
         of_limits<&Limits::imap_bad_commands>},
    Spec{"pop3_bad_commands", "limits", "POP3 session", "bad commands in a row", kPop3Ends,
         of_limits<&Limits::pop3_bad_commands>},
    Spec{"smtp_auth_failures", "limits", "SMTP session", "failed logins", kSmtpEnds,
         of_limits<&Limits::smtp_auth_failures>},
    Spec{"imap_auth_failures", "limits", "IMAP session", "failed logins", kImapEnds,
         of_limits<&Limits::imap_auth_failures>},
    Spec{"pop3_auth_failures", "limits", "POP3 session", "failed logins", kPop3Ends,
         of_limits<&Limits::pop3_auth_failures>},
    Spec{"failures_allowed", "auth", "address, and account", "failed logins within failures_window",
         "the answer is held back", of_logins<&auth::LoginLimits::failures_allowed>},
    Spec{"ban_after", "auth", "address", "failed logins within failures_window",
         "454 4.7.0, NO or -ERR; its logins are turned away",
         of_logins<&auth::LoginLimits::ban_after>},
    Spec{"messages_per_day", "limits", "account", "submitted a day", kLater,
         of_sending<&directory::SendLimits::messages_per_day>},
    Spec{"recipients_per_day", "limits", "account", "submitted a day", kLater,
         of_sending<&directory::SendLimits::recipients_per_day>},
};

void keep_greatest(std::vector<LimitRow::Top>& tops) {
    std::ranges::stable_sort(tops, std::ranges::greater{}, &LimitRow::Top::count);
    if (tops.size() > kMostShown) tops.resize(kMostShown);
}

std::string name_of(const auth::ClientRates::Top& top) {
    auto who = net::format_network(top.who);
    if (top.service && *top.service <= static_cast<std::uint8_t>(Service::pop3))
        who += " " + std::string(daemon::name_of(static_cast<Service>(*top.service)));
    return who;
}

// The row that a counter of ClientRates belongs to.
std::string_view row_of(const auth::ClientRates::Counter& counter) {
    if (!counter.rate) return "connections_per_address";
    const bool is_of_network = counter.is_of_network;
    switch (*counter.rate) {
    case Rate::connections:
        return is_of_network ? "network_connections_per_minute" : "connections_per_minute";
    case Rate::messages: return is_of_network ? "network_messages_per_hour" : "messages_per_hour";
    case Rate::recipients:
        return is_of_network ? "network_recipients_per_hour" : "recipients_per_hour";
    case Rate::refused: return is_of_network ? "network_refused_per_hour" : "refused_per_hour";
    }
    return {};
}

void add_clients(LimitRow& row, const std::vector<auth::ClientRates::Counter>& counters) {
    for (const auto& counter : counters) {
        if (row_of(counter) != row.name) continue;
        row.counted = counter.counted;
        row.at_limit = counter.at_limit;
        row.refused = counter.refusals;
        for (const auto& top : counter.top) row.top.push_back({name_of(top), top.count});
    }
}

void add_logins(LimitRow& row, const LimitFacts& facts) {
    const bool is_ban = row.name == "ban_after";
    if (row.section != "auth") return;
    row.counted = facts.suspects.size();
    row.refused = is_ban ? facts.tally.turned_away : facts.tally.delayed_logins;
    row.at_limit = 0;
    for (const auto& suspect : facts.suspects) {
        *row.at_limit += row.limit != 0 && suspect.failures >= row.limit ? 1 : 0;
        row.top.push_back({net::format_network(suspect.network), suspect.failures});
    }
}

// Accounts may have limits of their own: who is at his is not told by the host's.
void add_sent(LimitRow& row, const LimitFacts& facts) {
    const bool is_messages = row.name == "messages_per_day";
    if (!is_messages && row.name != "recipients_per_day") return;
    row.counted = facts.sent.size();
    row.refused = is_messages ? facts.tally.messages : facts.tally.recipients;
    for (const auto& sent : facts.sent)
        row.top.push_back({sent.address, is_messages ? sent.messages : sent.recipients});
}

} // namespace

std::vector<LimitRow> limit_rows(const Config& config, const LimitFacts& facts) {
    std::vector<LimitRow> rows;
    for (const auto& spec : kSpecs) {
        LimitRow row{.name = spec.name,
                     .section = spec.section,
                     .scope = spec.scope,
                     .unit = spec.unit,
                     .reply = spec.reply,
                     .limit = spec.limit(config),
                     .can_be_off = spec.can_be_off};
        add_clients(row, facts.counters);
        add_logins(row, facts);
        add_sent(row, facts);
        if (row.name == "connections") row.top.push_back({"the host", facts.sessions});
        keep_greatest(row.top);
        rows.push_back(std::move(row));
    }
    return rows;
}

} // namespace maild::daemon
