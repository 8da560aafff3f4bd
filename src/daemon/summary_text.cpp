#include "daemon/summary_text.hpp"

#include "daemon/utc_day.hpp"

#include "maild/base/utf8.hpp"
#include "maild/mail/date.hpp"
#include "maild/mail/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace maild::daemon {
namespace {

constexpr std::size_t kMostDestinations = 20;
constexpr std::size_t kMostMatters = 100;
constexpr std::size_t kMostTexts = 3; // of each
constexpr std::size_t kMaxLine = 900; // RFC 5322 §2.1.1 allows 998

// What others said, as a mail's text can carry it: UTF-8, no control characters, a line at most.
std::string clean(std::string_view text) {
    auto out = is_utf8(text) ? std::string(text) : mail::to_utf8(text, "utf-8");
    std::ranges::replace_if(out, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    return std::string(trace::clipped(out, kMaxLine - 100));
}

std::string size_words(std::uint64_t octets) {
    constexpr std::array<std::string_view, 3> kUnits = {"KiB", "MiB", "GiB"};
    auto value = static_cast<double>(octets) / 1024;
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
    std::array<char, 32> out{};
    std::snprintf(out.data(), out.size(), "%.1f ", value);
    return out.data() + std::string(kUnits[unit]);
}

std::string row(std::string_view name, std::uint64_t number, std::string_view words) {
    std::array<char, 48> out{};
    std::snprintf(out.data(), out.size(), "  %-10.10s%10llu  ", std::string(name).c_str(),
                  static_cast<unsigned long long>(number));
    return out.data() + std::string(words) + "\n";
}

std::string volume_text(const trace::Volume& v) {
    return "Mail\n" + row("received", v.received, "messages from other hosts") +
           row("submitted", v.submitted,
               "messages from accounts and programs here; with those received " +
                   size_words(v.octets)) +
           row("refused", v.refused,
               "messages and senders; another " + std::to_string(v.put_off) + " were put off") +
           row("delivered", v.delivered, "recipients, into mailboxes here") +
           row("sent", v.sent, "recipients elsewhere") +
           row("failed", v.failed, "recipients elsewhere, not tried again") +
           row("deferred", v.deferred, "attempts that are repeated");
}

std::string destination_text(const trace::Destination& to) {
    auto out = "  " + (to.name.empty() ? "all others" : clean(to.name)) + ": " +
               std::to_string(to.failed) + " failed, " + std::to_string(to.deferred) +
               " attempts put off, " + std::to_string(to.sent) + " sent\n";
    for (std::size_t i = 0; i < std::min(to.texts.size(), kMostTexts); ++i)
        out += "    " + std::to_string(to.texts[i].count) + " × " + clean(to.texts[i].words) + "\n";
    return out;
}

std::string destinations_text(const trace::Tally& tally) {
    std::string out;
    std::size_t named = 0, others = 0;
    for (const auto& to : tally.destinations()) {
        if (to.failed + to.deferred == 0) continue;
        if (named++ < kMostDestinations)
            out += destination_text(to);
        else
            ++others;
    }
    if (out.empty()) return {};
    if (others > 0)
        out += "  and " + std::to_string(others) +
               " further destinations: mailctl report deliverability --since 24h\n";
    return "\nWhere mail was not taken\n" + out;
}

std::string matter_line(const Matter& matter, bool is_new) {
    return std::string(matter.is_urgent ? "  ! " : "  - ") + (is_new ? "new: " : "") +
           clean(matter.words) + "\n";
}

std::string matters_text(const Summary& summary) {
    std::string out = "What wants attention\n";
    const auto shown = std::min(summary.matters.size(), kMostMatters);
    for (std::size_t i = 0; i < shown; ++i)
        out += matter_line(summary.matters[i], !summary.told.contains(summary.matters[i].key));
    if (shown < summary.matters.size())
        out += "  and " + std::to_string(summary.matters.size() - shown) +
               " more: mailctl domain check --all, mailctl queue stats\n";
    if (summary.matters.empty()) out += "  nothing\n";
    return out;
}

std::vector<std::string> settled(const Summary& summary) {
    std::vector<std::string> out;
    for (const auto& key : summary.told) {
        if (!is_known(summary.facts, key)) continue;
        if (std::ranges::find(summary.matters, key, &Matter::key) == summary.matters.end())
            out.push_back(key);
    }
    return out;
}

std::string settled_text(const Summary& summary) {
    std::string out;
    std::size_t count = 0;
    for (const auto& key : settled(summary))
        if (count++ < kMostMatters) out += "  " + clean(key) + "\n";
    if (count > kMostMatters) out += "  and " + std::to_string(count - kMostMatters) + " more\n";
    return out.empty() ? out : "\nSettled since the last summary\n" + out;
}

std::string queue_text(const HostFacts& facts) {
    if (!facts.queue) return {};
    std::uint64_t due = 0, held = 0;
    auto oldest = facts.now;
    for (const auto& to : *facts.queue) {
        due += to.due;
        held += to.held;
        if (to.due > 0) oldest = std::min(oldest, to.oldest);
    }
    auto out = "\nQueue\n  " + std::to_string(due) + " recipients wait for " +
               std::to_string(facts.queue->size()) + " destinations, " + std::to_string(held) +
               " are held\n";
    if (due > 0) out += "  the oldest since " + mail::format_date_time(oldest) + "\n";
    return out;
}

std::string host_text(const HostFacts& facts) {
    std::string out;
    if (facts.store)
        out += "  " + size_words(facts.store->free_bytes) + " of the disk are free, " +
               std::to_string(facts.store->messages_stored) + " messages are stored\n";
    if (facts.certificates)
        for (const auto& row : *facts.certificates) {
            const auto name = row.file.empty() ? "made by the host for itself" : clean(row.file);
            out +=
                "  certificate " + name + ": until " + mail::format_date_time(row.not_after) + "\n";
        }
    return out.empty() ? out : "\nHost\n" + out;
}

std::string logins_text(const Summary& summary) {
    if (!summary.facts.bans) return {};
    const auto& bans = *summary.facts.bans;
    const auto made = std::ranges::count_if(
        bans, [&](const auth::Ban& ban) { return ban.since >= summary.begin && !ban.is_by_admin; });
    return "\nLogins\n  " + std::to_string(made) + " bans for guessing passwords are new, of " +
           std::to_string(bans.size()) + " in all: mailctl ban list\n";
}

std::string doubts_text(const Summary& summary) {
    std::string out;
    for (const auto& what : summary.facts.unknown) out += "  " + clean(what) + "\n";
    if (!summary.mail.is_whole)
        out += "  There was too much mail to count: it is counted back to " +
               mail::format_date_time(summary.mail.from) + ".\n";
    if (const auto lost = summary.mail.tally->total().lost; lost > 0)
        out += "  " + std::to_string(lost) +
               " records of mail were lost: the counts are too "
               "small by them.\n";
    if (const auto more = summary.mail.tally->total().uncounted; more > 0)
        out += "  Of " + std::to_string(more) +
               " recipients of messages to more than a hundred "
               "nothing is kept.\n";
    return out.empty() ? out : "\nWhat is not known\n" + out;
}

std::string urgent_words(const std::vector<Matter>& matters) {
    const auto urgent = std::ranges::count_if(matters, &Matter::is_urgent);
    if (urgent > 0) return ", " + std::to_string(urgent) + " urgent";
    return matters.empty() ? "" : ", " + std::to_string(matters.size()) + " to see to";
}

} // namespace

Notice summary_notice(const Summary& summary) {
    const auto volume = summary.mail.tally->total();
    const auto day = day_of(summary.begin);
    const bool is_day = summary.begin == WallTime(day);
    const auto when = is_day ? "on " + format_day(day) : std::string("of the last 24 hours");
    Notice out;
    out.subject = "[" + summary.facts.hostname + "] mail " + when + ": " +
                  std::to_string(volume.received) + " in, " + std::to_string(volume.sent) + " out" +
                  urgent_words(summary.matters);
    out.text = "Mail on " + summary.facts.hostname + " from " +
               mail::format_date_time(summary.begin) + " to " +
               mail::format_date_time(summary.end) + "\n\n" + matters_text(summary) +
               settled_text(summary) + "\n" + volume_text(volume) +
               destinations_text(*summary.mail.tally) + queue_text(summary.facts) +
               host_text(summary.facts) + logins_text(summary) + doubts_text(summary) +
               "\n[notices] in maild.toml says who gets this, when, and whether only when "
               "something has changed.\n";
    return out;
}

Notice alert_notice(const HostFacts& facts, const std::vector<Matter>& matters) {
    Notice out;
    out.subject = "[" + facts.hostname + "] alert: " + std::to_string(matters.size()) +
                  (matters.size() == 1 ? " matter" : " matters") + " cannot wait";
    out.text = "On " + facts.hostname + ", at " + mail::format_date_time(facts.now) + ":\n\n";
    for (const auto& matter : matters) out.text += matter_line(matter, false);
    out.text += "\nEach is told once, until it is over; the summary of the day tells what lasts.\n";
    return out;
}

bool has_news(const Summary& summary) {
    const auto volume = summary.mail.tally->total();
    const bool has_new = std::ranges::any_of(
        summary.matters, [&](const Matter& matter) { return !summary.told.contains(matter.key); });
    return has_new || !settled(summary).empty() || volume.failed > 0 || volume.lost > 0;
}

} // namespace maild::daemon
