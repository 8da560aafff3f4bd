// A whole check against a DNS that an attacker wrote: lines "TYPE NAME VALUE", the first one's NAME
// is checked. It ends, asks no more than all limits of RFC 7208 §4.6.4 allow, and what it says
// makes one Received-SPF field.
#include "support/fake_clock.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/base/ensure.hpp"
#include "maild/policy/spf.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace maild;
using namespace maild::policy;

namespace {

std::string_view take(std::string_view& text, char end) {
    const auto piece = text.substr(0, text.find(end));
    text.remove_prefix(std::min(piece.size() + 1, text.size()));
    return piece;
}

void add(test::MemoryResolver& dns, std::string_view type, std::string_view name,
         std::string_view value) {
    if (type == "T") dns.add_txt(name, std::string(value));
    if (type == "P") dns.add_ptr(name, value);
    if (type == "C") dns.add_cname(name, value);
    if (type == "M") dns.add_mx(name, static_cast<std::uint16_t>(value.size() % 7), value);
    if (type == "A" && net::parse_ip(value)) dns.add_a(name, value);
    if (type == "6" && net::parse_ip(value)) dns.add_aaaa(name, value);
    if (type == "F") dns.fail(name);
}

// One record each of include and redirect, 10 hosts each of 10 mx, the client's 10 names, exp=.
constexpr std::size_t kMostQuestions = 1 + 10 + 10 * 10 + 11 + 1;

void check(test::MemoryResolver& dns, const spf::Client& client) {
    const test::FakeClock clock;
    const spf::Verifier verifier{dns, clock, "mail.example.net"};
    const auto session = test::run_task(spf::check_session(verifier, client));
    ensure(dns.asked.size() <= 2 * kMostQuestions, "no more questions than the limits allow");
    for (const auto& question : dns.asked) ensure(net::is_dns_name(question.name), "a name");
    const auto& report = session.of_mail_from();
    const bool judged = report.problem.empty();
    ensure(judged || report.outcome == spf::Outcome::none ||
               report.outcome == spf::Outcome::temperror ||
               report.outcome == spf::Outcome::permerror,
           "a problem where there is one");
    ensure(!report.explanation || report.outcome == spf::Outcome::fail, "only a fail explains");
    const auto field = spf::format_received(report, client, "mail.example.net");
    for (std::size_t at = field.find('\n'); at + 1 < field.size(); at = field.find('\n', at + 1))
        ensure(at > 0 && field[at - 1] == '\r' && field[at + 1] == ' ', "one field");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data),
                           std::min<std::size_t>(size, 20'000));
    test::MemoryResolver dns;
    spf::Client client;
    client.helo = "client.example";
    client.local_part = "a.b-c";
    for (bool is_first = true; !input.empty(); is_first = false) {
        auto line = take(input, '\n');
        const auto type = take(line, ' ');
        const auto name = take(line, ' ');
        if (is_first) client.domain = name;
        add(dns, type, name, line);
    }
    for (const auto* ip : {"192.0.2.1", "2001:db8::1"}) {
        client.ip = net::parse_ip(ip).value();
        dns.asked.clear();
        check(dns, client);
    }
    return 0;
}
