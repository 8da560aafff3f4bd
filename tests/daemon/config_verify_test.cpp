// [dns], [verify] and [reports].
#include "daemon/config_file.hpp"

#include <gtest/gtest.h>

namespace maild::daemon {
namespace {

const HostDefaults kNamed{.hostname = "mx.example.org", .cores = 2};

TEST(VerifyConfig, IsReadWhole) {
    const auto plain = parse_config("", "m.toml", kNamed).config;
    EXPECT_TRUE(plain.verify.is_enabled && plain.verify.enforces_dmarc);
    EXPECT_FALSE(plain.verify.rejects_spf_fail);
    EXPECT_EQ(plain.verify.exempt, loopback_networks());
    ASSERT_EQ(plain.verify.exempt.size(), 2U);
    const auto parsed = parse_config(
        "[dns]\nservers = [\"192.0.2.53:5353\", \"::1\"]\n"
        "trust_anchor = \"/usr/share/dns/root.key\"\n"
        "[verify]\nsenders = \"off\"\ndmarc = \"mark\"\nspf = \"reject\"\n"
        "trusted_sealers = [\"Lists.Example\", \"b\u00fccher.example\"]\nexempt = []\n",
        "m.toml", kNamed);
    EXPECT_TRUE(parsed.faults.empty());
    const auto& config = parsed.config;
    EXPECT_EQ(config.dns.servers, (std::vector<std::string>{"192.0.2.53:5353", "::1"}));
    EXPECT_EQ(config.dns.trust_anchor, "/usr/share/dns/root.key");
    EXPECT_FALSE(config.verify.is_enabled || config.verify.enforces_dmarc);
    EXPECT_TRUE(config.verify.rejects_spf_fail && config.verify.exempt.empty());
    EXPECT_EQ(config.verify.trusted_sealers,
              (std::vector<std::string>{"lists.example", "xn--bcher-kva.example"}));
}

TEST(VerifyConfig, NamesEachFault) {
    struct Case {
        std::string text;
        std::string_view want;
    };
    for (const auto& c : {
             Case{"[dns]\nservers = [\"ns.example.org\"]\n",
                  "dns.servers holds ns.example.org, which is no server's address"},
             {"[dns]\nservers = [53]\n", "dns.servers holds something that is no string"},
             {"[dns]\nservers = [\"1.1.1.1\", \"1.1.1.1\", \"1.1.1.1\", \"1.1.1.1\", \"1.1.1.1\", "
              "\"1.1.1.1\", \"1.1.1.1\", \"1.1.1.1\", \"1.1.1.1\"]\n",
              "dns.servers has more than 8 entries"},
             {"[dns]\ntrust_anchor = \"root.key\"\n", "dns.trust_anchor"},
             {"[verify]\ndmarc = \"reject\"\n", "verify.dmarc is \"reject\""},
             {"[verify]\ntrusted_sealers = [\"a b\"]\n", "which is no domain"},
             {"[verify]\nexempt = [\"192.0.2.1/8\"]\n", "verify.exempt holds 192.0.2.1/8"},
             {"[verify]\ndkim = \"on\"\n", "verify.dkim is not a known key"},
             {"[reports]\nmailbox = \"dmarc\"\n", "reports.mailbox is dmarc, which is no address"},
             {"[notices]\nto = \"ada\"\n", "notices.to is ada, which is no address"},
             {"[notices]\nat = \"24h\"\n", "notices.at is"},
             {"[reports]\nfrom = \"ada@example.org\"\n",
              "reports.from is not the postmaster of a domain"},
             {"[reports]\norganization = \"" + std::string(201, 'a') + "\"\n",
              "reports.organization is too long"},
             {"[reports]\nmost_a_day = 0\n", "reports.most_a_day"},
             {"[reports]\nexclude = [\"a b\"]\n",
              "reports.exclude holds \"a b\", which is no domain"},
             {"[dkim]\nsign = \"off\"\n[reports]\nsend_dmarc = \"on\"\nfrom = "
              "\"postmaster@example.org\"\n",
              "reports.send_dmarc is \"on\", but dkim.sign is \"off\""},
             {"[reports]\nsend_dmarc = \"on\"\n", "reports.from is empty"},
             {"[reports]\nsend_tls = \"on\"\n", "reports.from is empty"},
             {"[trace]\nrecord = \"off\"\n[reports]\nsend_tls = \"on\"\nfrom = "
              "\"postmaster@example.org\"\n",
              "reports.send_tls is \"on\", but trace.record is \"off\""},
         }) {
        const auto parsed = parse_config(c.text, "m.toml", kNamed);
        ASSERT_EQ(parsed.faults.size(), 1U) << c.text;
        EXPECT_NE(parsed.faults.front().what.find(c.want), std::string::npos)
            << parsed.faults.front().what;
    }
}

} // namespace
} // namespace maild::daemon
