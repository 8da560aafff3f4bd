// The Sender Rewriting Scheme, one way and back.
#include "maild/base/ascii.hpp"
#include "maild/policy/srs.hpp"

#include <gtest/gtest.h>

namespace maild::policy::srs {
namespace {

using namespace std::chrono_literals;

const WallTime kNow = from_unix_seconds(1'795'000'000); // 2026-11-18
const Rewriter kRewriter(std::string(32, 's'));

mail::Address address(std::string_view text) {
    return mail::parse_address(text, mail::Utf8::allowed).value();
}
mail::Domain domain(std::string_view text) { return mail::Domain::parse(text).value(); }

std::string forward(std::string_view sender, std::string_view to = "here.example",
                    const Rewriter& by = kRewriter, WallTime now = kNow) {
    const auto made = by.forward(address(sender), domain(to), now);
    return made ? made->format() : std::string(name_of(made.error().code));
}
std::string reverse(std::string_view localpart, WallTime now = kNow,
                    const Rewriter& by = kRewriter) {
    const auto made = by.reverse(localpart, now);
    return made ? made->format()
                : std::string(name_of(made.error().code)) + ": " + made.error().internal;
}
std::string localpart_of(std::string_view text) { return address(text).localpart; }

TEST(Srs, GoesOneWayAndBack) {
    for (const std::string sender :
         {"ada@example.net", "Ada.L+x@example.net", "a=b@example.net", "\"a b\"@example.net",
          "ada@xn--bcher-kva.example", "SRS0@example.net", "srs@example.net", "SRS2=x@example.net",
          "gr\u00fc\u00df@example.net"}) {
        const auto made = forward(sender);
        EXPECT_EQ(localpart_of(made).substr(0, 5), "SRS0=") << made;
        EXPECT_TRUE(made.ends_with("@here.example")) << made;
        EXPECT_TRUE(is_rewritten(localpart_of(made)));
        EXPECT_EQ(reverse(localpart_of(made)), sender);
    }
    const auto made = forward("ada@example.net");
    EXPECT_EQ(made.size(), std::string("SRS0=HHHHHH=TT=example.net=ada@here.example").size());
    EXPECT_EQ(made.substr(14), "=example.net=ada@here.example");
}

TEST(Srs, KeepsTheFirstHopOfAChain) {
    const Rewriter other(std::string(32, 'o'));
    const Rewriter third(std::string(32, 't'));
    const auto first = forward("ada@example.net", "hop1.example", other);
    const auto second = forward(first, "here.example");
    EXPECT_EQ(second.substr(0, 5), "SRS1=");
    EXPECT_NE(second.find("=hop1.example==" + first.substr(5, 6)), std::string::npos) << second;
    const auto last = forward(second, "end.example", third);
    EXPECT_EQ(last.size(), second.size() - std::string("here").size() + std::string("end").size());
    // Each host leads to the first one, and that one to the sender.
    EXPECT_EQ(reverse(localpart_of(second)), first);
    EXPECT_EQ(reverse(localpart_of(last), kNow, third), first);
    EXPECT_EQ(reverse(localpart_of(first), kNow, other), "ada@example.net");
    // What only looks like it is a sender like any other.
    EXPECT_EQ(reverse(localpart_of(forward("SRS1=a=b=c@hop2.example"))), "SRS1=a=b=c@hop2.example");
    // Of another kind of host, with another separator.
    const auto plus = forward("SRS0+ab=cd=example.net=ada@hop1.example");
    EXPECT_NE(plus.find("=hop1.example=+ab=cd=example.net=ada@"), std::string::npos) << plus;
    EXPECT_EQ(reverse(localpart_of(plus)), "SRS0+ab=cd=example.net=ada@hop1.example");
}

TEST(Srs, OutlivesHostsThatFoldCase) {
    const auto local = localpart_of(forward("Ada@Example.NET"));
    EXPECT_EQ(reverse(ascii::to_lower(local)), "ada@example.net");
    std::string upper = local;
    for (auto& c : upper) c = ascii::to_upper(c);
    EXPECT_EQ(reverse(upper), "ADA@example.net");
}

TEST(Srs, BelievesOnlyWhatItHasMade) {
    const auto local = localpart_of(forward("ada@example.net"));
    auto changed = local;
    changed[5] = changed[5] == 'a' ? 'b' : 'a';
    auto other = local;
    other.replace(other.find("ada"), 3, "eve");
    auto day = local;
    day[13] = day[13] == 'a' ? 'b' : 'a';
    const struct {
        std::string localpart;
        const char* want;
    } cases[] = {
        {changed, "not_permitted: not rewritten here"},
        {other, "not_permitted: not rewritten here"},
        {day, "not_permitted: not rewritten here"},
        {"SRS0=", "not_permitted: not rewritten here"},
        {"SRS0=aaaaaa", "not_permitted: not rewritten here"},
        {"SRS0=aaaaaa=aa=example.net=", "not_permitted: not rewritten here"},
        {"SRS0==aa=example.net=ada", "not_permitted: not rewritten here"},
        {"SRS1=aaaaaa=example.net==aaaaaa=aa=x.example=ada", "not_permitted: not rewritten here"},
        {"SRS1=", "not_permitted: not rewritten here"},
        {"SRS0", "not_found: not rewritten"},
        {"SRS0x", "not_found: not rewritten"},
        {"ada", "not_found: not rewritten"},
        {"", "not_found: not rewritten"},
    };
    for (const auto& c : cases) EXPECT_EQ(reverse(c.localpart), c.want) << c.localpart;
    // A tag of the one kind is none of the other.
    EXPECT_EQ(reverse("SRS1" + local.substr(4)), "not_permitted: not rewritten here");
    EXPECT_EQ(reverse(local, kNow, Rewriter(std::string(32, 'x'))),
              "not_permitted: not rewritten here");
}

TEST(Srs, ForgetsAfterSomeWeeks) {
    const auto local = localpart_of(forward("ada@example.net"));
    EXPECT_EQ(reverse(local, kNow + 21 * 24h), "ada@example.net");
    EXPECT_EQ(reverse(local, kNow + 22 * 24h), "not_permitted: rewritten too long ago");
    EXPECT_EQ(reverse(local, kNow + 500 * 24h), "not_permitted: rewritten too long ago");
    EXPECT_EQ(reverse(local, kNow - 24h), "ada@example.net");
    EXPECT_EQ(reverse(local, kNow - 48h), "not_permitted: rewritten too long ago");
}

TEST(Srs, MakesNoLocalpartThatHostsRefuse) {
    // "SRS0=HHHHHH=TT=" and "=" are 16 of 64 octets.
    const std::string host = "example.net";
    EXPECT_NE(forward(std::string(64 - 16 - host.size(), 'a') + "@" + host), "too_large");
    EXPECT_EQ(forward(std::string(64 - 15 - host.size(), 'a') + "@" + host), "too_large");
}

} // namespace
} // namespace maild::policy::srs
