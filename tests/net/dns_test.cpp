// The DNS: names and record data as values, and the resolver against a server that misbehaves.
#include "net/dns_context.hpp"
#include "net/dns_records.hpp"
#include "support/dns_server.hpp"
#include "support/signed_records.hpp"
#include "support/streams.hpp"
#include "support/temp_dir.hpp"

#include "maild/base/encoding.hpp"
#include "maild/net/dns_resolver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace maild::net {
namespace {

using namespace std::chrono_literals;
using test::DnsFault;
using test::finish;
using test::wire_address;
using test::wire_mx;
using test::wire_name;
using test::wire_text;
using testing::ElementsAre;

constexpr auto kA = static_cast<std::uint16_t>(DnsType::a);
constexpr auto kAaaa = static_cast<std::uint16_t>(DnsType::aaaa);
constexpr auto kTxt = static_cast<std::uint16_t>(DnsType::txt);
constexpr auto kMx = static_cast<std::uint16_t>(DnsType::mx);
constexpr auto kPtr = static_cast<std::uint16_t>(DnsType::ptr);
constexpr auto kCname = static_cast<std::uint16_t>(DnsType::cname);

TEST(DnsName, HasLabelsOfTheRightLength) {
    const std::string label(63, 'a');
    const std::string name = label + "." + label + "." + label + ".";
    struct Case {
        std::string name;
        bool want;
    };
    for (const auto& [text, want] : {
             Case{"example.org", true},
             {"example.org.", true},
             {"localhost", true},
             {"foo:bar/baz.example.com", true},
             {"macro%percent  space.example.com", true},
             {label + ".org", true},
             {label + "a.org", false},
             {name + std::string(61, 'b'), true},
             {name + std::string(62, 'b'), false},
             {"", false},
             {".", false},
             {"a..b", false},
             {".a", false},
             {"a..", false},
             {std::string("a\0b.org", 7), false},
         }) {
        EXPECT_EQ(is_dns_name(text), want) << text;
    }
}

TEST(DnsName, OfAnAddressTurnedRound) {
    EXPECT_EQ(reverse_name(parse_ip("192.0.2.1").value()), "1.2.0.192.in-addr.arpa");
    EXPECT_EQ(reverse_name(parse_ip("::ffff:192.0.2.1").value()), "1.2.0.192.in-addr.arpa");
    EXPECT_EQ(reverse_name(parse_ip("2001:db8::cb01").value()),
              "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST(DnsRecord, OfTheWireIsAValue) {
    DnsAnswer answer;
    EXPECT_TRUE(append_record(answer, DnsType::a, wire_address("192.0.2.7")));
    EXPECT_TRUE(append_record(answer, DnsType::aaaa, wire_address("2001:db8::7")));
    EXPECT_TRUE(append_record(answer, DnsType::txt, std::string("\3abc\0\2de", 8)));
    EXPECT_TRUE(append_record(answer, DnsType::txt, ""));
    EXPECT_TRUE(append_record(answer, DnsType::mx, wire_mx(513, "mx.example.org")));
    EXPECT_TRUE(append_record(answer, DnsType::mx, wire_mx(0, "")));
    EXPECT_TRUE(append_record(answer, DnsType::ptr, wire_name("host.example.org")));
    DnsAnswer others;
    EXPECT_TRUE(append_record(others, DnsType::tlsa, "\3\1\1x"));
    EXPECT_FALSE(append_record(others, DnsType::tlsa, "\3\1\1"));
    EXPECT_TRUE(append_record(others, DnsType::srv,
                              std::string("\0\1\0\2\3\xe1", 6) + wire_name("mx.example.org")));
    EXPECT_TRUE(append_record(others, DnsType::srv, std::string(7, '\0')));
    EXPECT_FALSE(append_record(others, DnsType::srv, std::string(6, '\0')));
    EXPECT_FALSE(append_record(others, DnsType::srv, std::string(8, '\0')));
    EXPECT_TRUE(append_record(others, DnsType::caa, std::string("\0\5issueca.example", 17)));
    EXPECT_TRUE(append_record(others, DnsType::caa, "\x80\1x"));
    EXPECT_FALSE(append_record(others, DnsType::caa, std::string("\0\0issue", 7)));
    EXPECT_FALSE(append_record(others, DnsType::caa, std::string("\0\6issue", 7)));
    EXPECT_FALSE(append_record(others, DnsType::caa, std::string("\0\2a ", 4)));
    EXPECT_THAT(others.texts, ElementsAre("\3\1\1x", "1 2 993 mx.example.org", "0 0 0 .",
                                          "0 issue ca.example", "128 x "));
    EXPECT_THAT(answer.addresses, ElementsAre(parse_ip("192.0.2.7"), parse_ip("2001:db8::7")));
    EXPECT_THAT(answer.texts, ElementsAre("abcde", ""));
    EXPECT_THAT(answer.exchanges, ElementsAre(MxRecord{513, "mx.example.org"}, MxRecord{0, ""}));
    EXPECT_THAT(answer.names, ElementsAre("host.example.org"));
}

TEST(DnsRecord, ThatIsMalformedIsLeftOut) {
    struct Case {
        DnsType type;
        std::string rdata;
    };
    for (const auto& [type, rdata] : {
             Case{DnsType::a, "123"},
             {DnsType::a, "12345"},
             {DnsType::aaaa, "1234"},
             {DnsType::txt, "\4abc"},
             {DnsType::mx, std::string("\0\1", 2)},
             {DnsType::mx, std::string("\0\1\3ab", 5)},
             {DnsType::ptr, ""},
             {DnsType::ptr, "\3abc"},
             {DnsType::ptr, std::string("\3abc\0x", 6)},
             {DnsType::ptr, std::string("\x41" + std::string(65, 'a') + '\0')},
             {DnsType::ptr, std::string("\3a.b\0", 5)}, // would read as two labels
             {DnsType::ptr, std::string("\3a\0b\0", 5)},
             {DnsType::ptr, std::string("\xc0\0", 2)}, // no compression here
         }) {
        DnsAnswer answer;
        EXPECT_FALSE(append_record(answer, type, rdata)) << testing::PrintToString(rdata);
        EXPECT_TRUE(answer.addresses.empty() && answer.texts.empty() && answer.names.empty() &&
                    answer.exchanges.empty());
    }
    DnsAnswer many;
    for (std::size_t i = 0; i < kMaxDnsRecords + 5; ++i)
        append_record(many, DnsType::a, wire_address("192.0.2.7"));
    EXPECT_EQ(many.addresses.size(), kMaxDnsRecords);
}

TEST(DnsRecord, NamesAreEscapedForZoneFiles) {
    EXPECT_EQ(escape_name("_spf.ex-1.org"), "_spf.ex-1.org");
    EXPECT_EQ(escape_name("a b\\c%\xff.org"), "a\\032b\\092c\\037\\255.org");
}

TEST(DnsServers, AreAddressesWithPorts) {
    struct Case {
        std::string_view text;
        std::optional<std::string> want;
    };
    for (const auto& [text, want] : {
             Case{"192.0.2.53", "192.0.2.53"},
             {"192.0.2.53:5353", "192.0.2.53@5353"},
             {"[2001:db8::53]:53", "2001:db8::53@53"},
             {"[2001:db8::53]", "2001:db8::53"},
             {"2001:db8::53", "2001:db8::53"},
             {"192.0.2.53:", std::nullopt},
             {"192.0.2.53:0", std::nullopt},
             {"192.0.2.53:65536", std::nullopt},
             {"192.0.2.53:5x", std::nullopt},
             {"[192.0.2.53]:53", std::nullopt},
             {"[2001:db8::53", std::nullopt},
             {"[2001:db8::53]53", std::nullopt},
             {"ns.example.org:53", std::nullopt},
             {"", std::nullopt},
         }) {
        const auto server = parse_dns_server(text);
        std::optional<std::string> got;
        if (server) got = format_ip(server->address);
        if (server && server->port) *got += "@" + std::to_string(*server->port);
        EXPECT_EQ(got, want) << text;
    }
}

class Dns : public testing::Test {
protected:
    Dns() { resolver = DnsResolver::create(io, {.servers = {server.address()}}).value(); }

    DnsAnswer ask(std::string name, DnsType type, std::chrono::milliseconds timeout = 5s) {
        return finish(io, resolver->lookup({std::move(name), type}, timeout));
    }

    test::DnsServer server;
    boost::asio::io_context io{1};
    std::unique_ptr<DnsResolver> resolver;
};

TEST_F(Dns, FindsRecordsOfEachType) {
    server.add("example.org", kA, wire_address("192.0.2.1"), 77);
    server.add("example.org", kA, wire_address("192.0.2.2"), 77);
    server.add("example.org", kAaaa, wire_address("2001:db8::1"));
    server.add("example.org", kTxt, wire_text("v=spf1 " + std::string(300, 'x')));
    server.add("example.org", kMx, wire_mx(20, "b.example.org"));
    server.add("example.org", kMx, wire_mx(10, "a.example.org"));
    server.add("1.2.0.192.in-addr.arpa", kPtr, wire_name("host.example.org"));
    server.add("foo:bar/b a%.example.org", kA, wire_address("192.0.2.3"));
    const auto a = ask("Example.ORG.", DnsType::a);
    EXPECT_EQ(a.status, DnsStatus::found) << a.problem;
    EXPECT_THAT(a.addresses,
                testing::UnorderedElementsAre(parse_ip("192.0.2.1"), parse_ip("192.0.2.2")));
    EXPECT_EQ(a.ttl, 77s);
    EXPECT_FALSE(a.is_secure); // there is no trust anchor
    EXPECT_THAT(ask("example.org", DnsType::aaaa).addresses, ElementsAre(parse_ip("2001:db8::1")));
    EXPECT_THAT(ask("example.org", DnsType::txt).texts,
                ElementsAre("v=spf1 " + std::string(300, 'x')));
    EXPECT_THAT(ask("example.org", DnsType::mx).exchanges,
                testing::UnorderedElementsAre(MxRecord{10, "a.example.org"},
                                              MxRecord{20, "b.example.org"}));
    EXPECT_THAT(ask("1.2.0.192.in-addr.arpa", DnsType::ptr).names, ElementsAre("host.example.org"));
    EXPECT_EQ(ask("foo:bar/b a%.example.org", DnsType::a).status, DnsStatus::found);
}

TEST_F(Dns, TellsNoDataFromNoName) {
    server.add("example.org", kA, wire_address("192.0.2.1"));
    EXPECT_EQ(ask("example.org", DnsType::txt).status, DnsStatus::no_data);
    EXPECT_EQ(ask("org", DnsType::txt).status, DnsStatus::no_data);
    EXPECT_EQ(ask("no.example.org", DnsType::a).status, DnsStatus::no_such_name);
    const auto asked = server.questions();
    EXPECT_EQ(ask("a..b", DnsType::a).status, DnsStatus::no_such_name); // never asked
    EXPECT_EQ(server.questions(), asked);
}

TEST_F(Dns, UnderstandsServersThatSayLittle) {
    server.set_bare(true);
    server.add("example.org", kTxt, wire_text("v=spf1 -all"));
    server.add("alias.example.org", kCname, wire_name("example.org"));
    EXPECT_EQ(ask("example.org", DnsType::txt).status, DnsStatus::found);
    EXPECT_EQ(ask("alias.example.org", DnsType::txt).status, DnsStatus::found);
    EXPECT_EQ(ask("example.org", DnsType::a).status, DnsStatus::no_data);
    EXPECT_EQ(ask("no.example.org", DnsType::a).status, DnsStatus::no_such_name);
}

TEST_F(Dns, FollowsAliases) {
    server.add("a.example.org", kCname, wire_name("b.example.org"));
    server.add("b.example.org", kCname, wire_name("c.example.net"));
    server.add("c.example.net", kTxt, wire_text("here"));
    server.add("d.example.org", kCname, wire_name("nowhere.example.net"));
    server.add("loop.example.org", kCname, wire_name("loop2.example.org"));
    server.add("loop2.example.org", kCname, wire_name("loop.example.org"));
    EXPECT_THAT(ask("a.example.org", DnsType::txt).texts, ElementsAre("here"));
    EXPECT_EQ(ask("a.example.org", DnsType::a).status, DnsStatus::no_data);
    EXPECT_EQ(ask("d.example.org", DnsType::a).status, DnsStatus::no_such_name);
    EXPECT_EQ(ask("loop.example.org", DnsType::a).status, DnsStatus::temporary_failure);
}

TEST_F(Dns, CachesWhatItHeard) {
    server.add("example.org", kTxt, wire_text("one"));
    EXPECT_EQ(ask("example.org", DnsType::txt).texts.size(), 1U);
    const auto asked = server.questions();
    EXPECT_EQ(ask("EXAMPLE.org", DnsType::txt).texts.size(), 1U);
    EXPECT_EQ(server.questions(), asked);
}

TEST_F(Dns, AsksAgainOverTcpWhatWasTruncated) {
    server.add("big.example.org", kTxt, wire_text(std::string(9000, 'x')));
    server.set_fault("big.example.org", DnsFault::truncated);
    const auto answer = ask("big.example.org", DnsType::txt);
    EXPECT_EQ(answer.status, DnsStatus::found) << answer.problem;
    EXPECT_THAT(answer.texts, ElementsAre(std::string(9000, 'x')));
    EXPECT_GT(server.tcp_questions(), 0U);
}

TEST_F(Dns, FailuresAreTemporary) {
    for (const auto fault : {DnsFault::servfail, DnsFault::refused}) {
        const auto name = "f" + std::to_string(static_cast<int>(fault)) + ".example.org";
        server.add(name, kA, wire_address("192.0.2.1"));
        server.set_fault(name, fault);
        const auto answer = ask(name, DnsType::a);
        EXPECT_EQ(answer.status, DnsStatus::temporary_failure) << name;
        EXPECT_TRUE(answer.addresses.empty());
        EXPECT_FALSE(answer.problem.empty());
    }
}

TEST_F(Dns, WaitsNoLongerThanItIsTold) {
    for (const auto fault :
         {DnsFault::silent, DnsFault::garbage, DnsFault::wrong_id, DnsFault::cut_short}) {
        const auto name = "t" + std::to_string(static_cast<int>(fault)) + ".example.org";
        server.add(name, kA, wire_address("192.0.2.1"));
        server.set_fault(name, fault);
        const auto begin = std::chrono::steady_clock::now();
        const auto answer = ask(name, DnsType::a, 200ms);
        EXPECT_EQ(answer.status, DnsStatus::temporary_failure) << name;
        EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    }
}

// Whoever has a name that nobody answers for must not be able to stop the answers for others.
TEST_F(Dns, SilenceAboutSomeNamesIsNotHeldAgainstTheServer) {
    std::vector<std::shared_ptr<std::optional<DnsAnswer>>> answers;
    for (int i = 0; i < 20; ++i) {
        const auto name = "s" + std::to_string(i) + ".example.org";
        server.set_fault(name, DnsFault::silent);
        answers.push_back(std::make_shared<std::optional<DnsAnswer>>());
        spawn(io, test::keep_result(resolver->lookup({name, DnsType::a}, 3s), answers.back()),
              "lookup");
    }
    test::run_until(io, [&] {
        return std::ranges::all_of(answers, [](const auto& a) { return a->has_value(); });
    });
    server.add("good.example.org", kA, wire_address("192.0.2.9"));
    EXPECT_EQ(ask("good.example.org", DnsType::a).status, DnsStatus::found);
}

TEST_F(Dns, WaitsForASlowServer) { // without asking it twice
    server.add("slow.example.org", kA, wire_address("192.0.2.1"));
    server.set_fault("slow.example.org", DnsFault::slow);
    EXPECT_EQ(ask("slow.example.org", DnsType::a).status, DnsStatus::found);
    EXPECT_EQ(server.questions(), 1U);
}

TEST_F(Dns, ManyQuestionsAtOnceAllGetTheirOwnAnswer) {
    constexpr int kMany = 200;
    resolver =
        DnsResolver::create(io, {.servers = {server.address()}, .max_pending = 16 * kMany}).value();
    std::vector<std::shared_ptr<std::optional<DnsAnswer>>> answers;
    for (int i = 0; i < kMany; ++i) {
        const auto name = "n" + std::to_string(i) + ".example.org";
        server.add(name, kTxt, wire_text(std::to_string(i)));
        answers.push_back(std::make_shared<std::optional<DnsAnswer>>());
        spawn(io, test::keep_result(resolver->lookup({name, DnsType::txt}, 10s), answers.back()),
              "lookup");
    }
    test::run_until(io, [&] {
        return std::ranges::all_of(answers, [](const auto& a) { return a->has_value(); });
    });
    for (int i = 0; i < kMany; ++i)
        EXPECT_THAT((*answers[static_cast<std::size_t>(i)])->texts, ElementsAre(std::to_string(i)));
}

TEST_F(Dns, RefusesMoreQuestionsThanItsLimit) {
    server.set_fault("silent.example.org", DnsFault::silent);
    resolver = DnsResolver::create(io, {.servers = {server.address()}, .max_pending = 1}).value();
    auto first = std::make_shared<std::optional<DnsAnswer>>();
    spawn(io, test::keep_result(resolver->lookup({"silent.example.org", DnsType::a}, 500ms), first),
          "lookup");
    io.poll();
    EXPECT_EQ(ask("other.example.org", DnsType::a).problem, "too many questions at once");
    test::run_until(io, [&] { return first->has_value(); });
    server.add("other.example.org", kA, wire_address("192.0.2.1"));
    // Nobody waits for the first one any more, but libunbound still asks.
    EXPECT_EQ(ask("other.example.org", DnsType::a).problem, "too many questions at once");
    server.set_fault("silent.example.org", DnsFault::none);
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (ask("other.example.org", DnsType::a).status != DnsStatus::found)
        ASSERT_LT(std::chrono::steady_clock::now(), until) << "it was answered meanwhile";
}

TEST_F(Dns, LeavesNamesForTestsToTheServer) {
    server.add("www.example.test", kA, wire_address("192.0.2.1"));
    EXPECT_EQ(ask("www.example.test", DnsType::a).status, DnsStatus::found);
}

TEST_F(Dns, MayGoWhileAQuestionIsOnItsWay) {
    server.set_fault("silent.example.org", DnsFault::silent);
    auto answer = std::make_shared<std::optional<DnsAnswer>>();
    spawn(io,
          test::keep_result(resolver->lookup({"silent.example.org", DnsType::a}, 300ms), answer),
          "lookup");
    io.poll();
    resolver.reset();
    test::run_until(io, [&] { return answer->has_value(); });
    EXPECT_EQ((*answer)->status, DnsStatus::temporary_failure);
}

TEST_F(Dns, LeavesNothingThatKeepsTheLoopBusy) {
    server.add("example.org", kA, wire_address("192.0.2.1"));
    EXPECT_EQ(ask("example.org", DnsType::a).status, DnsStatus::found);
    io.restart();
    io.run(); // comes back at once
    SUCCEED();
}

// A zone that is not signed, below an anchor that says it must be.
TEST_F(Dns, CallsBogusWhatTheAnchorContradicts) {
    const test::TempDir dir;
    const auto anchor = dir / "anchor";
    std::ofstream(anchor) << "example.org. IN DS 12345 8 2 " << std::string(64, 'A') << "\n";
    resolver =
        DnsResolver::create(io, {.servers = {server.address()}, .trust_anchor = anchor}).value();
    server.add("www.example.org", kA, wire_address("192.0.2.1"));
    server.add("www.example.net", kA, wire_address("192.0.2.1"));
    const auto answer = ask("www.example.org", DnsType::a);
    EXPECT_EQ(answer.status, DnsStatus::bogus) << answer.problem;
    EXPECT_FALSE(answer.is_secure);
    EXPECT_TRUE(answer.addresses.empty());
    EXPECT_EQ(ask("www.example.net", DnsType::a).status, DnsStatus::found);
}

// A zone that is signed with the key that the anchor names, and one record in it that somebody
// changed.
TEST_F(Dns, CallsSecureWhatIsSigned) {
    const test::TempDir dir;
    const test::ZoneKey key("example.org");
    const auto publish = [&](std::string_view name, std::uint16_t type, const std::string& rdata,
                             const std::string& signed_rdata) {
        server.add(name, type, rdata);
        server.add(name, test::ZoneKey::kRrsig, key.signature(name, type, 60, signed_rdata));
    };
    const auto address = wire_address("192.0.2.1");
    publish("example.org", test::ZoneKey::kDnskey, key.dnskey(), key.dnskey());
    publish("www.example.org", kA, address, address);
    publish("forged.example.org", kA, wire_address("192.0.2.66"), address);
    server.add("www.example.net", kA, address);
    const auto anchor = dir / "anchor";
    std::ofstream(anchor) << "example.org. IN DNSKEY 257 3 15 "
                          << base64_encode(key.dnskey().substr(4)) << "\n";
    resolver =
        DnsResolver::create(io, {.servers = {server.address()}, .trust_anchor = anchor}).value();
    const auto answer = ask("www.example.org", DnsType::a);
    EXPECT_EQ(answer.status, DnsStatus::found) << answer.problem;
    EXPECT_TRUE(answer.is_secure);
    EXPECT_THAT(answer.addresses, ElementsAre(parse_ip("192.0.2.1")));
    EXPECT_EQ(ask("forged.example.org", DnsType::a).status, DnsStatus::bogus);
    EXPECT_FALSE(ask("www.example.net", DnsType::a).is_secure);
}

TEST(DnsOptions, ThatCannotBeUsedAreNamed) {
    boost::asio::io_context io(1);
    const auto refusal = [&](const DnsOptions& options) {
        const auto made = DnsResolver::create(io, options);
        return made ? std::string("made") : made.error().internal;
    };
    EXPECT_THAT(refusal({.servers = {"nowhere"}}), testing::HasSubstr("nowhere"));
    EXPECT_THAT(refusal({.resolv_conf = "/nonexistent/resolv.conf"}),
                testing::HasSubstr("/nonexistent/resolv.conf"));
    EXPECT_THAT(refusal({.trust_anchor = "/nonexistent/root.key"}),
                testing::HasSubstr("/nonexistent/root.key"));
}

} // namespace
} // namespace maild::net
