#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"
#include "maild/report/aggregate.hpp"
#include "maild/report/tls.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/parse_options.hpp>

#include <chrono>
#include <optional>
#include <utility>

namespace maild::report {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxJsonDepth = 16;
constexpr std::uint64_t kMaxSessions = 1'000'000'000'000'000; // a JSON number holds it exactly

const json::object* object_at(const json::object& parent, std::string_view key) {
    const auto* value = parent.if_contains(key);
    return value == nullptr ? nullptr : value->if_object();
}

const json::array* array_at(const json::object& parent, std::string_view key) {
    const auto* value = parent.if_contains(key);
    return value == nullptr ? nullptr : value->if_array();
}

// Cut at a character's border.
std::string text_of(const json::value& value) {
    const auto* text = value.if_string();
    if (text == nullptr) return {};
    std::string_view view(*text);
    if (view.size() <= kMaxText) return std::string(view);
    auto end = kMaxText;
    while (end > 0 && (static_cast<unsigned char>(view[end]) & 0xc0) == 0x80) --end;
    return std::string(view.substr(0, end));
}

std::string text_at(const json::object& parent, std::string_view key) {
    const auto* value = parent.if_contains(key);
    return value == nullptr ? std::string() : text_of(*value);
}

std::uint64_t number_at(const json::object& parent, std::string_view key) {
    const auto* value = parent.if_contains(key);
    if (value == nullptr) return 0;
    if (const auto* text = value->if_string()) {
        Cursor in(*text);
        return in.take_number(kMaxSessions).value_or(0);
    }
    if (const auto* number = value->if_int64(); number != nullptr && *number > 0)
        return std::min(static_cast<std::uint64_t>(*number), kMaxSessions);
    return value->is_uint64() ? kMaxSessions : 0;
}

std::optional<int> take_digits(Cursor& in, std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        if (!ascii::is_digit(in.peek())) return std::nullopt;
        value = value * 10 + (in.take_bytes(1).front() - '0');
    }
    return value;
}

// "Z", "+02:00"; nothing is UTC.
std::chrono::minutes take_zone(Cursor& in) {
    const bool is_west = in.next_is('-');
    if (!is_west && !in.next_is('+')) return {};
    in.take_bytes(1);
    const auto hours = take_digits(in, 2);
    in.take(':');
    const auto minutes = take_digits(in, 2);
    const auto zone = std::chrono::minutes(hours.value_or(0) * 60 + minutes.value_or(0));
    return is_west ? -zone : zone;
}

// RFC 3339 §5.6; the epoch for what is none.
WallTime time_of(std::string_view text) {
    using namespace std::chrono;
    Cursor in(text);
    const auto take_next = [&in](char before, std::size_t count) {
        return in.take(before) ? take_digits(in, count) : std::nullopt;
    };
    const auto y = take_digits(in, 4);
    const auto m = take_next('-', 2);
    const auto d = take_next('-', 2);
    const bool is_apart = in.take_icase("T") || in.take(' ');
    const auto hour = take_digits(in, 2);
    const auto minute = take_next(':', 2);
    const auto second = take_next(':', 2);
    if (!y || !m || !d || !is_apart || !hour || !minute || !second) return {};
    const year_month_day date(year(*y), month(static_cast<unsigned>(*m)),
                              day(static_cast<unsigned>(*d)));
    const bool is_likely = *y > 1970 && *y < 9999; // a zone never leads out of what can be written
    if (!is_likely || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return {};
    if (in.take('.')) in.take_while(ascii::is_digit);
    return WallTime(sys_days(date)) + hours(*hour) + minutes(*minute) + seconds(*second) -
           take_zone(in);
}

// Counts what is read, of the whole report.
class Reader {
public:
    TlsReport read(const json::object& root) {
        TlsReport report;
        report.organization = text_at(root, "organization-name");
        report.contact = text_at(root, "contact-info");
        report.report_id = text_at(root, "report-id");
        if (const auto* range = object_at(root, "date-range")) {
            report.begin = time_of(text_at(*range, "start-datetime"));
            report.end = time_of(text_at(*range, "end-datetime"));
        }
        const auto* policies = array_at(root, "policies");
        if (policies == nullptr) return report;
        is_too_much_ = policies->size() > kMaxTlsPolicies;
        for (const auto& item : *policies) {
            if (is_too_much_) break;
            if (const auto* policy = item.if_object())
                report.policies.push_back(policy_of(*policy));
        }
        return report;
    }
    bool is_too_much() const { return is_too_much_; }

private:
    TlsPolicyReport policy_of(const json::object& item) {
        TlsPolicyReport out;
        if (const auto* policy = object_at(item, "policy")) {
            out.type = text_at(*policy, "policy-type");
            out.text = strings_at(*policy, "policy-string");
            out.domain = ascii::to_lower(text_at(*policy, "policy-domain"));
            out.mx_hosts = strings_at(*policy, "mx-host");
        }
        if (const auto* summary = object_at(item, "summary")) {
            out.successful_sessions = number_at(*summary, "total-successful-session-count");
            out.failed_sessions = number_at(*summary, "total-failure-session-count");
        }
        const auto* failures = array_at(item, "failure-details");
        if (failures == nullptr || !count(failures_, failures->size(), kMaxTlsFailures)) return out;
        for (const auto& failure : *failures)
            if (const auto* object = failure.if_object())
                out.failures.push_back(failure_of(*object));
        return out;
    }
    static TlsFailure failure_of(const json::object& item) {
        return {.result_type = text_at(item, "result-type"),
                .sending_mta_ip = text_at(item, "sending-mta-ip"),
                .receiving_mx_hostname = text_at(item, "receiving-mx-hostname"),
                .receiving_mx_helo = text_at(item, "receiving-mx-helo"),
                .receiving_ip = text_at(item, "receiving-ip"),
                .sessions = number_at(item, "failed-session-count"),
                .additional_information = text_at(item, "additional-information"),
                .failure_reason_code = text_at(item, "failure-reason-code")};
    }
    // §4.4 shows mx-host as an array and as a string.
    std::vector<std::string> strings_at(const json::object& parent, std::string_view key) {
        std::vector<std::string> out;
        const auto* items = array_at(parent, key);
        if (items == nullptr) {
            if (auto text = text_at(parent, key); !text.empty()) out.push_back(std::move(text));
            return out;
        }
        if (!count(strings_, items->size(), kMaxTlsStrings)) return out;
        for (const auto& item : *items)
            if (item.is_string()) out.push_back(text_of(item));
        return out;
    }
    bool count(std::size_t& sum, std::size_t more, std::size_t limit) {
        sum += more;
        is_too_much_ = is_too_much_ || sum > limit;
        return !is_too_much_;
    }

    std::size_t failures_ = 0;
    std::size_t strings_ = 0;
    bool is_too_much_ = false;
};

} // namespace

Result<TlsReport> parse_tls(std::string_view text) {
    if (text.size() > kMaxTlsReport) return fail(Errc::too_large, "the JSON is too long");
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    json::parse_options options;
    options.max_depth = kMaxJsonDepth;
    boost::system::error_code error;
    const auto value = json::parse(text, error, {}, options);
    if (error) return fail(Errc::protocol_error, "JSON: " + error.message());
    const auto* root = value.if_object();
    if (root == nullptr || array_at(*root, "policies") == nullptr)
        return fail(Errc::protocol_error, "JSON, but no TLS report");
    Reader reader;
    auto report = reader.read(*root);
    if (reader.is_too_much()) return fail(Errc::too_large, "the TLS report has too many entries");
    return report;
}

} // namespace maild::report
