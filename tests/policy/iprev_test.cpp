#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/policy/authres_report.hpp"

#include <gtest/gtest.h>

namespace maild::policy::iprev {
namespace {

using maild::test::MemoryResolver;

constexpr const char* kReverse = "1.2.0.192.in-addr.arpa";

Verdict checked(MemoryResolver& dns, std::string_view ip = "192.0.2.1") {
    return maild::test::run_task(check(dns, net::parse_ip(ip).value()));
}

std::string shown(MemoryResolver& dns, std::string_view ip = "192.0.2.1") {
    const auto verdict = checked(dns, ip);
    return std::string(name_of(verdict.outcome)) + " " + verdict.name;
}

TEST(Iprev, ComparesBothDirections) {
    MemoryResolver dns;
    dns.add_ptr(kReverse, "Mail.Example.org.");
    dns.add_a("mail.example.org", "192.0.2.9");
    EXPECT_EQ(shown(dns), "fail mail.example.org");
    dns.add_a("mail.example.org", "192.0.2.1");
    EXPECT_EQ(shown(dns), "pass mail.example.org");
    EXPECT_EQ(shown(dns, "::ffff:192.0.2.1"), "pass mail.example.org");
    EXPECT_EQ(shown(dns, "192.0.2.2"), "permerror ");
    dns.add_ptr(net::reverse_name(net::parse_ip("2001:db8::1").value()), "six.example.org");
    dns.add_aaaa("six.example.org", "2001:db8::1");
    EXPECT_EQ(shown(dns, "2001:db8::1"), "pass six.example.org");
}

TEST(Iprev, TakesAnyOfItsNames) {
    MemoryResolver dns;
    dns.add_ptr(kReverse, "other.example.org");
    dns.add_ptr(kReverse, "silent.example.org");
    dns.add_ptr(kReverse, "mail.example.org");
    dns.fail("silent.example.org");
    EXPECT_EQ(shown(dns), "temperror other.example.org");
    dns.add_a("mail.example.org", "192.0.2.1");
    EXPECT_EQ(shown(dns), "pass mail.example.org");
}

TEST(Iprev, SaysWhatTheDnsSaid) {
    MemoryResolver dns;
    dns.fail(kReverse);
    EXPECT_EQ(shown(dns), "temperror ");
    MemoryResolver empty;
    empty.add_name(kReverse);
    EXPECT_EQ(shown(empty), "permerror ");
    MemoryResolver odd; // what no host is called is no name
    odd.add_ptr(kReverse, "a\r\nX: y.example");
    odd.add_ptr(kReverse, "");
    EXPECT_EQ(shown(odd), "permerror ");
}

TEST(Iprev, LooksAtTenNames) {
    MemoryResolver dns;
    for (int i = 0; i < 30; ++i) {
        const auto name = "h" + std::to_string(i) + ".example.org";
        dns.add_ptr(kReverse, name);
        dns.add_ptr(kReverse, name);
        if (i >= 10) dns.add_a(name, "192.0.2.1");
    }
    EXPECT_EQ(shown(dns), "fail h0.example.org");
    EXPECT_EQ(dns.asked.size(), 1 + kMaxNames);
}

TEST(Iprev, IsWrittenAsAResult) {
    MemoryResolver dns;
    dns.add_ptr(kReverse, "mail.example.org");
    dns.add_a("mail.example.org", "192.0.2.1");
    EXPECT_EQ(format_method_result(result_of(checked(dns))),
              "iprev=pass (mail.example.org) reason=\"its name has this address\" "
              "policy.iprev=192.0.2.1");
    const AuthenticationResults results{"a.example", 1, {result_of(checked(dns, "2001:db8::1"))}};
    EXPECT_EQ(format_authentication_results(results),
              "Authentication-Results: a.example;\r\n"
              "\tiprev=permerror reason=\"this address has no name\" "
              "policy.iprev=\"2001:db8::1\"\r\n");
}

} // namespace
} // namespace maild::policy::iprev
