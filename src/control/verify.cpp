#include "control/verify.hpp"

#include "control/render.hpp"

#include "maild/base/ascii.hpp"
#include "maild/mail/address.hpp"

#include <algorithm>
#include <chrono>
#include <unistd.h>
#include <utility>

namespace maild::control {
namespace json = boost::json;
namespace spf = policy::spf;
namespace {

// This moment, or that of --now. What is waited for is measured as ever.
class ChosenClock final : public Clock {
public:
    explicit ChosenClock(std::optional<WallTime> now) : now_(now) {}
    WallTime now() const override { return now_ ? *now_ : system_.now(); }
    SteadyTime steady_now() const override { return system_.steady_now(); }

private:
    std::optional<WallTime> now_;
    SystemClock system_;
};

// "2023-11-14T22:13:20Z" in numbers, at the places where they stand.
std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t count) {
    int value = 0;
    for (const char c : text.substr(at, count)) {
        if (!ascii::is_digit(c)) return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return value;
}

// In A-labels what is in U-labels; everything else as it is given, for it is what a client said.
std::string domain_of(std::string_view text) {
    if (std::ranges::none_of(text, ascii::is_8bit)) return std::string(text);
    const auto domain = mail::Domain::parse(text);
    return domain ? domain->ascii() : std::string(text);
}

std::string local_part_of(std::string_view text) {
    Cursor in(text);
    auto decoded = mail::parse_local_part(in, mail::Utf8::allowed);
    return decoded && in.at_end() ? std::move(*decoded) : std::string(text);
}

net::Task<void> check(const spf::Verifier& verifier, const spf::Client& client,
                      std::optional<spf::SessionReport>& out) {
    auto report = co_await spf::check_session(verifier, client);
    out = std::move(report);
}

std::string_view name_of(spf::Identity identity) {
    return identity == spf::Identity::helo ? "helo" : "mailfrom";
}

std::string text_of(const spf::Report& report) {
    std::string out(name_of(report.identity));
    out += " of " + report.domain + " is " + std::string(spf::name_of(report.outcome));
    if (!report.problem.empty()) return out + ": " + report.problem;
    return out + " by " + report.mechanism;
}

std::string text_of(const spf::SessionReport& session, const policy::DnsTrace& trace,
                    const std::string& received) {
    const auto& decisive = session.decisive();
    std::string out(spf::name_of(decisive.outcome));
    const auto line = [&](const std::string& text) { out += "\n" + printable(text); };
    line(text_of(decisive));
    if (session.mail_from) {
        const bool is_helo = decisive.identity == spf::Identity::helo;
        line(text_of(is_helo ? *session.mail_from : session.helo));
    }
    if (decisive.explanation) line("explanation: " + *decisive.explanation);
    return out + "\n" + question_lines(trace) + received + "\n";
}

// In one line.
std::string printable_field(std::string field) {
    std::erase_if(field, [](char c) { return c == '\r' || c == '\n'; });
    return printable(field);
}

Reply verify_spf(const Session& session, const spf::Client& client, const Clock& clock) {
    std::optional<spf::SessionReport> report;
    std::optional<spf::Verifier> verifier;
    json::object result;
    const auto begin = [&](policy::DnsTrace& trace) {
        verifier.emplace(spf::Verifier{trace, clock, host_name()});
        return check(*verifier, client, report);
    };
    const auto look = [&](const policy::DnsTrace& trace) {
        if (!report) return;
        const auto& decisive = report->decisive();
        const auto received =
            printable_field(spf::format_received(decisive, client, verifier->receiver));
        result = json::object{
            {"spf", spf::name_of(decisive.outcome)}, {"decisive", spf_json(decisive)},
            {"helo", spf_json(report->helo)},        {"received_spf", received},
            {"questions", questions_json(trace)},    {"text", text_of(*report, trace, received)}};
        if (report->mail_from) result["mail_from"] = spf_json(*report->mail_from);
    };
    if (const auto done = run_check(session, begin, look); !done)
        return failure(kUsage, done.error().internal);
    if (!report) return failure(kSoftware, "the check did not come to its end.");
    return success(std::move(result));
}

} // namespace

std::optional<WallTime> parse_verify_time(std::string_view text) {
    if (!text.empty() && text.size() <= 11 && std::ranges::all_of(text, ascii::is_digit))
        return from_unix_seconds(std::stoll(std::string(text)));
    if (text.size() != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
        text[13] != ':' || text[16] != ':' || text[19] != 'Z')
        return std::nullopt;
    constexpr std::pair<std::size_t, std::size_t> kPlaces[] = {{0, 4},  {5, 2},  {8, 2},
                                                               {11, 2}, {14, 2}, {17, 2}};
    int parts[6] = {};
    for (std::size_t i = 0; i < 6; ++i) {
        const auto number = number_at(text, kPlaces[i].first, kPlaces[i].second);
        if (!number) return std::nullopt;
        parts[i] = *number;
    }
    using namespace std::chrono;
    const year_month_day date(year(parts[0]), month(static_cast<unsigned>(parts[1])),
                              day(static_cast<unsigned>(parts[2])));
    if (!date.ok() || parts[3] > 23 || parts[4] > 59 || parts[5] > 60) return std::nullopt;
    return WallTime(sys_days(date)) + hours(parts[3]) + minutes(parts[4]) + seconds(parts[5]);
}

Result<spf::Client> verified_client(const Session& session) {
    spf::Client client;
    const auto ip = net::parse_ip(session.text_argument("ip"));
    if (!ip) return fail(Errc::invalid_argument, "--ip wants the client's address.");
    client.ip = *ip;
    client.helo = domain_of(session.text_argument("helo"));
    const auto given = session.text_argument("mail-from");
    std::string_view sender = given;
    if (sender.starts_with('<') && sender.ends_with('>'))
        sender = sender.substr(1, sender.size() - 2);
    const auto at = sender.rfind('@');
    if (at != sender.npos) client.local_part = local_part_of(sender.substr(0, at));
    client.domain = domain_of(at == sender.npos ? sender : sender.substr(at + 1));
    return client;
}

std::string host_name() {
    char name[256] = "";
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

// Names, records and what a client has said may be no UTF-8, which JSON wants: so the same \xHH as
// on a terminal.
json::object spf_json(const spf::Report& report) {
    json::object out{{"result", spf::name_of(report.outcome)},
                     {"identity", name_of(report.identity)},
                     {"domain", printable(report.domain)},
                     {"mechanism", report.mechanism}};
    if (!report.problem.empty()) out["problem"] = printable(report.problem);
    if (report.explanation) out["explanation"] = *report.explanation;
    return out;
}

Result<WallTime> verify_time(const Session& session) {
    const auto given = session.text_argument("now");
    if (given.empty()) return SystemClock().now();
    const auto now = parse_verify_time(given);
    if (!now)
        return fail(Errc::invalid_argument,
                    "--now wants seconds since 1970, or a time as 2026-01-31T12:00:00Z.");
    return *now;
}

Reply run_verify(Session& session) {
    const auto now = verify_time(session);
    if (!now) return failure(kUsage, now.error().internal);
    const ChosenClock clock(*now);
    if (!session.invocation.arguments.contains("spf")) return verify_message(session, clock);
    const auto client = verified_client(session);
    if (!client) return failure(kUsage, client.error().internal);
    return verify_spf(session, *client, clock);
}

} // namespace maild::control
