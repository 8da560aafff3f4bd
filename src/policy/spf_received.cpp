// Received-SPF (RFC 7208 §9.1).
#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"
#include "maild/policy/spf.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace maild::policy::spf {
namespace {

constexpr std::size_t kLine = 76;      // where a line is folded if it can be
constexpr std::size_t kMaxValue = 320; // octets of a value; a mailbox has 254, RFC 5321 §4.5.3.1.3

// What may stand in a header field at all, and not too much of it: lines end at 998 octets.
std::string harmless(std::string_view text) {
    const bool is_sound = is_utf8(text);
    std::string out(text.substr(0, kMaxValue));
    while (!is_utf8(out) && is_sound) out.pop_back(); // the cut went through a character
    std::ranges::replace_if(
        out, [&](char c) { return ascii::is_control(c) || (!is_sound && ascii::is_8bit(c)); }, '?');
    return out;
}

bool is_atext(char c) {
    return ascii::is_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
}

// dot-atom-text = 1*atext *("." 1*atext), RFC 5322 §3.2.3
bool is_dot_atom(std::string_view text) {
    return !text.empty() && !text.starts_with('.') && !text.ends_with('.') &&
           !text.contains("..") &&
           std::ranges::all_of(text, [](char c) { return is_atext(c) || c == '.'; });
}

std::string escaped(std::string_view text, std::string_view special) {
    std::string out;
    for (const char c : harmless(text)) {
        if (special.contains(c)) out += '\\';
        out += c;
    }
    return out;
}

std::string value(std::string_view text) {
    return is_dot_atom(text) && text.size() <= kMaxValue ? std::string(text)
                                                         : '"' + escaped(text, "\"\\") + '"';
}

std::string envelope_from(const Client& client) {
    if (client.domain.empty()) return "postmaster@" + client.helo; // §2.4
    return client.local_part + "@" + client.domain;
}

std::string reason(const Report& report, const Client& client) {
    const auto ip = net::format_ip(client.ip);
    auto domain = "domain of " + report.domain;
    switch (report.outcome) {
    case Outcome::pass: return domain + " designates " + ip + " as permitted sender";
    case Outcome::fail: return domain + " does not designate " + ip + " as permitted sender";
    case Outcome::softfail:
        return "transitioning " + domain + " does not designate " + ip + " as permitted sender";
    case Outcome::neutral: return ip + " is neither permitted nor denied by " + domain;
    case Outcome::none: return domain + " does not designate permitted senders";
    case Outcome::temperror: return "for now there is no answer about " + domain;
    case Outcome::permerror: return domain + " has no record that can be used";
    }
    return domain;
}

// key-value-pair of §9.1, each but the last with its ";".
std::vector<std::string> pairs(const Report& report, const Client& client,
                               std::string_view receiver) {
    const bool is_helo = report.identity == Identity::helo;
    std::vector<std::pair<std::string_view, std::string>> keys;
    if (!receiver.empty()) keys.emplace_back("receiver", receiver);
    keys.emplace_back("client-ip", net::format_ip(client.ip));
    keys.emplace_back("envelope-from", envelope_from(client));
    keys.emplace_back("helo", client.helo);
    keys.emplace_back("identity", is_helo ? "helo" : "mailfrom");
    if (report.problem.empty())
        keys.emplace_back("mechanism", report.mechanism);
    else
        keys.emplace_back("problem", report.problem);
    std::vector<std::string> out;
    out.reserve(keys.size());
    for (const auto& [key, text] : keys) out.push_back(std::string(key) + "=" + value(text) + ";");
    out.back().pop_back();
    return out;
}

} // namespace

std::string format_received(const Report& report, const Client& client, std::string_view receiver) {
    std::string out = "Received-SPF: ";
    out += name_of(report.outcome);
    auto line = out.size();
    const auto append = [&](std::string_view piece) {
        const bool folds = line + 1 + piece.size() > kLine;
        out += folds ? "\r\n " : " ";
        line = (folds ? 0 : line) + 1 + piece.size();
        out += piece;
    };
    const auto host = receiver.empty() ? std::string() : std::string(receiver) + ": ";
    append("(" + escaped(host + reason(report, client), "()\\") + ")");
    for (const auto& pair : pairs(report, client, receiver)) append(pair);
    return out + "\r\n";
}

} // namespace maild::policy::spf
