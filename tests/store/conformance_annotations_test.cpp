// Annotations (RFC 5464): what is kept beside mailboxes and the server.
#include "store/conformance.hpp"

namespace maild::store::test {
namespace {

using Entries = std::vector<Annotation>;

std::string text(const Result<Annotations>& found) {
    if (!found) return std::string(name_of(found.error().code));
    std::string all;
    for (const auto& [name, value] : found->entries)
        all += (all.empty() ? "" : " ") + name + "=" + value.value_or("NIL");
    return all;
}

std::string all(Client& client, const std::string& mailbox) {
    return text(client.annotations(mailbox, {{"/private", "/shared"}, Depth::all}));
}

SpecialUse use_of(Client& client, const std::string& mailbox) {
    return client.annotations(mailbox, {}).value().use;
}

} // namespace

TEST_P(StoreConformance, AnnotationsAreSetReplacedAndTakenAway) {
    Client client(*subject, 1);
    EXPECT_EQ(all(client, "INBOX"), "");
    EXPECT_EQ(client.annotate("INBOX", {{"/shared/b", "2"}, {"/private/a", "1"}}), "ok");
    EXPECT_EQ(client.annotate("", {{"/private/a", "server"}}), "ok");
    EXPECT_EQ(all(client, "INBOX"), "/private/a=1 /shared/b=2");
    EXPECT_EQ(all(client, ""), "/private/a=server");
    EXPECT_EQ(all(client, "Junk"), "");
    EXPECT_EQ(client.annotate("INBOX", {{"/private/a", ""}, {"/shared/b", {}}, {"/shared/c", {}}}),
              "ok");
    EXPECT_EQ(all(client, "INBOX"), "/private/a=");
    EXPECT_EQ(client.annotate("INBOX", {{"/private/a", "x"}, {"/private/a", "y"}}), "ok")
        << "in order";
    EXPECT_EQ(all(client, "INBOX"), "/private/a=y");
    Client other(*subject, 2);
    EXPECT_EQ(all(other, "INBOX") + all(other, ""), "") << "of each account its own";
}

TEST_P(StoreConformance, AnnotationsComeBackOctetByOctet) {
    std::string octets;
    for (int c = 0; c < 256; ++c) octets += static_cast<char>(c);
    octets.resize(kMaxAnnotationValue, '\0');
    Client client(*subject, 1);
    ASSERT_EQ(client.annotate("INBOX", {{"/private/a", octets}}), "ok");
    const auto found = client.annotations("INBOX", {{"/private/a"}});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->entries, (Entries{{"/private/a", octets}}));
}

TEST_P(StoreConformance, AnnotationsAreFoundByDepthAndSize) {
    Client client(*subject, 1);
    ASSERT_EQ(
        client.annotate("INBOX",
                        {{"/private/a", "1"}, {"/private/a/b", "22"}, {"/private/a/b/c", "333"}}),
        "ok");
    EXPECT_EQ(text(client.annotations("INBOX", {{"/private/a"}})), "/private/a=1");
    EXPECT_EQ(text(client.annotations("INBOX", {{"/private/a"}, Depth::children})),
              "/private/a=1 /private/a/b=22");
    EXPECT_EQ(text(client.annotations("INBOX", {{"/private/a/b"}, Depth::all})),
              "/private/a/b=22 /private/a/b/c=333");
    const auto small = client.annotations("INBOX", {{"/private"}, Depth::all, 1});
    EXPECT_EQ(text(small), "/private/a=1");
    EXPECT_EQ(small->longest, 3U);
    EXPECT_EQ(small->too_long, (std::vector<std::string>{"/private/a/b", "/private/a/b/c"}));
    EXPECT_EQ(text(client.annotations("INBOX", {})), "");
}

TEST_P(StoreConformance, AnnotationsHaveLimitsAndKeepToThemWhole) {
    Client client(*subject, 1);
    Entries many;
    for (std::size_t i = 0; i < kMaxAnnotations; ++i)
        many.push_back({"/private/" + std::to_string(i), "x"});
    ASSERT_EQ(client.annotate("INBOX", many), "ok");
    EXPECT_EQ(client.annotate("INBOX", {{"/private/0", "y"}, {"/private/more", "x"}}),
              "limit_exceeded");
    EXPECT_EQ(text(client.annotations("INBOX", {{"/private/0"}})), "/private/0=x")
        << "all or nothing";
    EXPECT_EQ(client.annotate("INBOX", {{"/private/1", {}}, {"/private/more", "x"}}), "ok");
    EXPECT_EQ(client.annotate("Junk", {{"/private/a", std::string(kMaxAnnotationValue + 1, 'x')}}),
              "too_large");
    EXPECT_EQ(client.annotate("Junk", {{"/private/A", "x"}}), "invalid_argument");
    EXPECT_EQ(client.annotate("Junk", {{"private", "x"}}), "invalid_argument");
    EXPECT_EQ(client.annotate("no such", {{"/private/a", "x"}}), "no_such_mailbox");
    EXPECT_EQ(text(client.annotations("no such", {{"/private/a"}})), "no_such_mailbox");
    EXPECT_EQ(client.annotate("", {}, SpecialUse::sent), "cannot");
}

TEST_P(StoreConformance, AnnotationsOfAnAccountHaveALimitTogether) {
    Client client(*subject, 1);
    Entries large;
    for (int i = 0; i < 50; ++i)
        large.push_back({"/private/" + std::to_string(i), std::string(kMaxAnnotationValue, 'x')});
    const auto full = kMaxAnnotationBytes / (50 * kMaxAnnotationValue);
    for (std::uint64_t i = 0; i < full; ++i) {
        ASSERT_EQ(client.create("m" + std::to_string(i)), "ok");
        ASSERT_EQ(client.annotate("m" + std::to_string(i), large), "ok");
    }
    EXPECT_EQ(client.annotate("INBOX", large), "over_quota");
    EXPECT_EQ(all(client, "INBOX"), "");
    EXPECT_EQ(client.annotate("m0", {{"/private/0", "small"}}), "ok") << "less is always taken";
    Client other(*subject, 2);
    EXPECT_EQ(other.annotate("INBOX", large), "ok");
    EXPECT_EQ(client.remove("m0"), "ok");
    EXPECT_EQ(client.annotate("INBOX", large), "ok") << "those of a deleted mailbox do not count";
    EXPECT_EQ(client.rename("INBOX", "old"), "over_quota") << "INBOX would keep its own";
    EXPECT_EQ(client.names().find("old"), std::string::npos);
    EXPECT_EQ(client.annotate("INBOX", {{"/private/0", {}}}), "ok");
}

TEST_P(StoreConformance, AnnotationsFollowTheirMailbox) {
    Client client(*subject, 1);
    client.create("a/b");
    client.annotate("a/b", {{"/private/x", "1"}});
    EXPECT_EQ(client.rename("a", "c"), "ok");
    EXPECT_EQ(all(client, "c/b"), "/private/x=1");
    EXPECT_EQ(client.remove("c/b"), "ok");
    EXPECT_EQ(client.create("c/b"), "ok");
    EXPECT_EQ(all(client, "c/b"), "") << "a new mailbox of that name has none";
    client.annotate("INBOX", {{"/private/x", "in"}});
    EXPECT_EQ(client.rename("INBOX", "old"), "ok");
    EXPECT_EQ(all(client, "INBOX"), "/private/x=in") << "RFC 5464 §4.1";
    EXPECT_EQ(all(client, "old"), "/private/x=in");
    client.annotate("old", {{"/private/x", {}}});
    EXPECT_EQ(all(client, "INBOX"), "/private/x=in");
}

TEST_P(StoreConformance, AnnotationsUseGoesFromOneMailboxToAnother) {
    Client client(*subject, 1);
    client.create("x");
    EXPECT_EQ(use_of(client, "Sent"), SpecialUse::sent);
    EXPECT_EQ(client.annotate("x", {{"/private/a", "1"}}, SpecialUse::sent), "ok");
    EXPECT_EQ(use_of(client, "x"), SpecialUse::sent);
    EXPECT_EQ(use_of(client, "Sent"), SpecialUse::none);
    const auto entries = run(store.list_mailboxes(client.id()));
    for (const auto& entry : entries.value()) {
        if (entry.name != "x" && entry.name != "Sent") continue;
        EXPECT_EQ(entry.special_use, use_of(client, entry.name)) << entry.name;
    }
    EXPECT_EQ(client.annotate("x", {}, SpecialUse::none), "ok");
    EXPECT_EQ(use_of(client, "x"), SpecialUse::none);
    EXPECT_EQ(client.annotate("x", {{"/private/A", "1"}}, SpecialUse::junk), "invalid_argument");
    EXPECT_EQ(use_of(client, "Junk"), SpecialUse::junk) << "all or nothing";
}

TEST_P(StoreConformance, AnnotationsChangesAreToldToTheOtherSessionsOfTheAccount) {
    Client client(*subject, 1);
    Client same(*subject, 1);
    Client other(*subject, 2);
    client.annotate("Junk", {{"/shared/b", "2"}, {"/private/a", {}}});
    EXPECT_TRUE(
        subject->run_until([&] { return same.annotation_news() == "Junk /private/a /shared/b"; }));
    client.annotate("", {{"/private/a", "1"}});
    EXPECT_TRUE(subject->run_until([&] { return same.annotation_news() == " /private/a"; }));
    client.annotate("Junk", {}, SpecialUse::trash);
    EXPECT_TRUE(subject->run_until([&] {
        return same.annotation_news() == "Trash /private/specialuse";
    })) << "the last of two";
    EXPECT_EQ(client.annotation_news(), "Trash /private/specialuse")
        << "a consequence, not its own";
    client.annotate("no such", {{"/private/a", "1"}});
    client.annotate("Junk", {{"/private/A", "1"}});
    EXPECT_EQ(same.annotation_news(), "Trash /private/specialuse") << "nothing was changed";
    EXPECT_EQ(other.annotation_news(), "");
}

TEST_P(StoreConformance, AnnotationsGoWithTheAccount) {
    {
        Client client(*subject, 1);
        client.annotate("", {{"/private/a", "1"}});
        client.annotate("INBOX", {{"/private/a", "1"}});
    }
    ASSERT_TRUE(run(subject->admin().remove_account({AccountId(1), ShardId(1)})));
    Client other(*subject, 2);
    EXPECT_EQ(other.annotate("", {{"/private/a", "2"}}), "ok");
    store.close_session(other.id());
    EXPECT_EQ(other.annotate("", {{"/private/a", "3"}}), "not_permitted");
    EXPECT_EQ(text(other.annotations("", {})), "not_permitted");
}

} // namespace maild::store::test
