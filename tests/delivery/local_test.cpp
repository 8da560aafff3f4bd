#include "maild/delivery/local.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace maild::delivery {
namespace {

using directory::LocalTarget;
using directory::RelayTarget;
using directory::Verdict;

const std::string kContent = "Subject: hello\r\n\r\nbody\r\n";
const std::string kReceived = "Received: from a by b; now\r\n";

LocalTarget account(std::int64_t id, const std::string& address) {
    LocalTarget target;
    target.account = AccountId(id);
    target.address = address;
    target.grant.account = AccountId(id);
    return target;
}

Recipient recipient(const std::string& forward_path, std::vector<directory::Target> targets,
                    Verdict verdict = Verdict::accepted) {
    Recipient out;
    out.forward_path = forward_path;
    out.resolution.verdict = verdict;
    out.resolution.targets = std::move(targets);
    return out;
}

Transaction::SentCopy copy_of(std::int64_t id) {
    Transaction::SentCopy copy;
    copy.grant.account = AccountId(id);
    copy.address = "ada@example.org";
    copy.fields = "Bcc: x@away.example\r\n";
    return copy;
}

// What is planned when ada, who is account 1, keeps a copy.
DeliveryPlan plan_with_copy(std::vector<Recipient> recipients) {
    Transaction transaction;
    transaction.envelope.reverse_path = "ada@example.org";
    transaction.recipients = std::move(recipients);
    transaction.received = kReceived;
    transaction.relay_grant.emplace();
    transaction.sent_copy = copy_of(1);
    transaction.now = from_unix_seconds(1'700'000'000);
    store::MessageSource message;
    message.content = kContent;
    return plan_delivery(std::move(message), std::move(transaction));
}

DeliveryPlan plan(std::vector<Recipient> recipients, const std::string& content = kContent,
                  bool with_grant = true) {
    Transaction transaction;
    transaction.envelope.reverse_path = "sender@away.example";
    transaction.recipients = std::move(recipients);
    transaction.received = kReceived;
    if (with_grant) {
        transaction.relay_grant.emplace();
        transaction.relay_grant->account = AccountId(99);
    }
    transaction.now = from_unix_seconds(1'700'000'000);
    store::MessageSource message;
    message.content = content;
    return plan_delivery(std::move(message), std::move(transaction));
}

// What the store answers when everything works, with these failures.
store::DeliverResult answer(const DeliveryPlan& plan,
                            const std::vector<std::size_t>& failing = {}) {
    store::DeliverResult result;
    for (std::size_t i = 0; i < plan.request.local.size(); ++i) {
        if (std::ranges::find(failing, i) != failing.end())
            result.local.push_back(fail(Errc::over_quota));
        else
            result.local.push_back(store::Delivered{});
    }
    if (plan.request.relay) result.queued = QueueId(1);
    return result;
}

std::string words(const std::vector<Result<void>>& results) {
    std::string out;
    for (const auto& result : results)
        out +=
            (out.empty() ? "" : " ") + (result ? "ok" : std::string(name_of(result.error().code)));
    return out;
}

TEST(PlanDelivery, KeepsACopyOfWhatIsSent) {
    const auto ada = account(1, "ada@example.org"), bob = account(2, "bob@example.org");
    const auto made =
        plan_with_copy({recipient("bob@example.org", {bob}), recipient("ada@example.org", {ada})});
    ASSERT_EQ(made.request.local.size(), 3U);
    const auto& copy = made.request.local.back();
    EXPECT_EQ(copy.grant.account, AccountId(1));
    EXPECT_EQ(copy.mailbox, "Sent");
    EXPECT_EQ(copy.flags.system, store::kSeen);
    EXPECT_EQ(copy.trace_prefix, "Bcc: x@away.example\r\n");
    EXPECT_EQ(words(made.results(answer(made))), "ok ok");
    EXPECT_FALSE(made.copy_failure(answer(made)));
    // A full account sends, and keeps nothing of it.
    EXPECT_EQ(words(made.results(answer(made, {2}))), "ok ok");
    EXPECT_EQ(made.copy_failure(answer(made, {2}))->code, Errc::over_quota);
    EXPECT_FALSE(made.copy_failure(fail(Errc::io)));
}

TEST(PlanDelivery, KeepsACopyOfWhatIsRelayedAndOfNothingElse) {
    const auto relayed = plan_with_copy({recipient("x@away.example", {}, Verdict::not_local)});
    EXPECT_TRUE(relayed.request.relay);
    ASSERT_EQ(relayed.request.local.size(), 1U);
    EXPECT_EQ(words(relayed.results(answer(relayed))), "ok");
    EXPECT_TRUE(plan_with_copy({recipient("nobody@example.org", {})}).is_empty());
}

TEST(PlanDelivery, OneCopyForEachAccount) {
    const auto ada = account(1, "ada@example.org"), bob = account(2, "bob@example.org");
    const auto made =
        plan({recipient("ada@example.org", {ada}), recipient("team@example.org", {ada, bob}),
              recipient("ada+x@example.org", {ada})});
    ASSERT_EQ(made.request.local.size(), 2U);
    EXPECT_EQ(made.request.local[0].grant.account, AccountId(1));
    EXPECT_EQ(made.request.local[0].mailbox, "INBOX");
    EXPECT_EQ(made.request.local[0].address, "ada@example.org");
    EXPECT_EQ(made.request.local[1].address, "team@example.org");
    EXPECT_FALSE(made.request.relay.has_value());
    EXPECT_EQ(words(made.results(answer(made))), "ok ok ok");
    EXPECT_EQ(words(made.results(answer(made, {0}))), "over_quota over_quota over_quota");
    EXPECT_EQ(words(made.results(answer(made, {1}))), "ok over_quota ok");
    EXPECT_EQ(words(made.results(fail(Errc::no_space))), "no_space no_space no_space");
}

TEST(PlanDelivery, WritesTheTrace) {
    const auto made = plan({recipient("list@example.org", {account(1, "ada@example.org")}),
                            recipient("far@away.example", {}, Verdict::not_local)});
    EXPECT_EQ(made.request.local[0].trace_prefix,
              "Return-Path: <sender@away.example>\r\nDelivered-To: ada@example.org\r\n" +
                  kReceived);
    EXPECT_EQ(made.request.relay->trace_prefix, kReceived)
        << "RFC 5321 §4.4: no Return-Path before final delivery";
    EXPECT_EQ(made.request.message.content, kContent);
    EXPECT_EQ(made.request.internal_date, from_unix_seconds(1'700'000'000));
}

TEST(PlanDelivery, SplitsOffWhatIsRelayed) {
    const auto made = plan({recipient("far@away.example", {}, Verdict::not_local),
                            recipient("team@example.org", {account(1, "ada@example.org"),
                                                           RelayTarget{"other@away.example"},
                                                           RelayTarget{"far@away.example"}})});
    ASSERT_TRUE(made.request.relay.has_value());
    EXPECT_EQ(made.request.relay->grant.account, AccountId(99));
    std::vector<std::string> addresses;
    for (const auto& relayed : made.request.relay->envelope.recipients)
        addresses.push_back(relayed.address);
    EXPECT_EQ(addresses, (std::vector<std::string>{"far@away.example", "other@away.example"}));
    EXPECT_EQ(made.request.relay->envelope.reverse_path, "sender@away.example");
    EXPECT_EQ(words(made.results(answer(made))), "ok ok");
    auto not_queued = answer(made);
    not_queued.queued.reset();
    EXPECT_EQ(words(made.results(not_queued)), "unavailable unavailable");
}

TEST(PlanDelivery, SendsOnInAnotherName) {
    Transaction transaction;
    transaction.envelope.reverse_path = "sender@away.example";
    transaction.forwarded_from = "SRS0=x@example.org";
    transaction.recipients.push_back(recipient(
        "team@example.org", {account(1, "ada@example.org"), RelayTarget{"far@away.example"}}));
    transaction.relay_grant.emplace();
    store::MessageSource message;
    message.content = kContent;
    const auto made = plan_delivery(std::move(message), std::move(transaction));
    ASSERT_TRUE(made.request.relay.has_value());
    EXPECT_EQ(made.request.relay->envelope.reverse_path, "SRS0=x@example.org");
    EXPECT_TRUE(
        made.request.local.at(0).trace_prefix.starts_with("Return-Path: <sender@away.example>"));
}

// What is told here, and what the queue's rows carry on: "action; address ORCPT NOTIFY …".
std::string fate(const DeliveryPlan& made) {
    std::string out;
    constexpr std::string_view kWords[] = {"delivered", "relayed", "expanded", "delayed", "failed"};
    for (const auto& told : made.successes(made.results(answer(made))))
        out += std::string(kWords[static_cast<std::size_t>(told.action)]) + ' ' +
               told.final_recipient + ' ' + told.original_recipient + ';';
    if (made.request.relay)
        for (const auto& row : made.request.relay->envelope.recipients)
            out += ' ' + row.address + ' ' + row.original_recipient + ' ' + row.notify;
    return out;
}

TEST(PlanDelivery, TellsOfSuccessOrPassesTheRequestOn) { // RFC 3461 §5.2.3, §5.2.7
    const auto ada = account(1, "ada@example.org"), bob = account(2, "bob@example.org");
    const RelayTarget far{"far@away.example"}, off{"off@away.example"};
    const struct {
        const char* name;
        std::vector<directory::Target> targets;
        std::string notify, original;
        const char* want;
    } cases[] = {
        {"into a mailbox",
         {ada},
         "SUCCESS",
         "rfc822;Ada@x",
         "delivered a@example.org rfc822;Ada@x;"},
        {"not asked", {ada}, "", "rfc822;Ada@x", ""},
        {"not of success", {ada}, "FAILURE,DELAY", "", ""},
        {"never", {ada}, "NEVER", "", ""},
        {"into many", {ada, bob}, "SUCCESS", "", "delivered a@example.org ;"},
        {"on to one", {far}, "SUCCESS", "", " far@away.example rfc822;a@example.org SUCCESS"},
        {"on to one, named before",
         {far},
         "SUCCESS",
         "rfc822;A@x",
         " far@away.example rfc822;A@x SUCCESS"},
        {"on to one, not asked", {far}, "", "", " far@away.example rfc822;a@example.org "},
        {"on to many",
         {far, off},
         "SUCCESS,FAILURE",
         "",
         "expanded a@example.org ; far@away.example rfc822;a@example.org FAILURE"
         " off@away.example rfc822;a@example.org FAILURE"},
        {"here and there",
         {ada, far},
         "SUCCESS",
         "",
         "expanded a@example.org ; far@away.example rfc822;a@example.org NEVER"},
    };
    for (const auto& c : cases) {
        auto one = recipient("a@example.org", c.targets);
        one.notify = c.notify;
        one.original_recipient = c.original;
        std::vector<Recipient> recipients;
        recipients.push_back(std::move(one));
        EXPECT_EQ(fate(plan(std::move(recipients))), c.want) << c.name;
    }
}

TEST(PlanDelivery, LeavesReportsToWhoDelivers) {
    auto far = recipient("far@away.example", {}, Verdict::not_local);
    far.notify = "SUCCESS";
    auto again = recipient("fwd@example.org", {RelayTarget{"far@away.example"}});
    std::vector<Recipient> recipients;
    recipients.push_back(std::move(far));
    recipients.push_back(std::move(again));
    EXPECT_EQ(fate(plan(std::move(recipients))), " far@away.example  SUCCESS,FAILURE,DELAY")
        << "one row, for what either asks";
}

TEST(PlanDelivery, TellsOnlyOfWhatIsStored) {
    auto ada = recipient("ada@example.org", {account(1, "ada@example.org")});
    auto bob = recipient("bob@example.org", {account(2, "bob@example.org")});
    ada.notify = bob.notify = "SUCCESS";
    std::vector<Recipient> recipients;
    recipients.push_back(std::move(ada));
    recipients.push_back(std::move(bob));
    const auto made = plan(std::move(recipients));
    const auto told = made.successes(made.results(answer(made, {0})));
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].final_recipient, "bob@example.org");
}

TEST(PlanDelivery, ReadsTheHeaderForWhatTheEnvelopeLeavesOpen) { // RFC 8689 §4.1, RFC 6758
    const struct {
        const char* name;
        std::string header;
        bool requires_tls, reads_priority;
        bool tls_optional;
        int priority;
    } cases[] = {
        {"nothing", "", false, true, false, 0},
        {"no", "TLS-Required: No\r\n", false, true, true, 0},
        {"other case", "tls-required:\tno\r\n", false, true, true, 0},
        {"yes", "TLS-Required: Yes\r\n", false, true, false, 0},
        {"against the envelope", "TLS-Required: No\r\n", true, true, false, 0},
        {"twice", "TLS-Required: No\r\nTLS-Required: No\r\n", false, true, false, 0},
        {"priority", "MT-Priority: -3 (routine)\r\n", false, true, false, -3},
        {"a stranger's", "MT-Priority: 9\r\n", false, false, false, 0},
        {"none", "MT-Priority: 10\r\n", false, true, false, 0},
        {"minus nothing", "MT-Priority: -0\r\n", false, true, false, 0},
    };
    for (const auto& c : cases) {
        Transaction transaction;
        transaction.envelope.handling.requires_tls = c.requires_tls;
        transaction.reads_priority = c.reads_priority;
        transaction.recipients.push_back(recipient("far@away.example", {}, Verdict::not_local));
        transaction.relay_grant.emplace();
        const auto content = c.header + "\r\nbody\r\n";
        store::MessageSource message;
        message.content = content;
        const auto made = plan_delivery(std::move(message), std::move(transaction));
        const auto& handling = made.request.relay->envelope.handling;
        EXPECT_EQ(handling.tls_optional, c.tls_optional) << c.name;
        EXPECT_EQ(handling.priority, c.priority) << c.name;
    }
}

TEST(PlanDelivery, NeedsAShardForWhatIsRelayed) {
    const auto alone =
        plan({recipient("fwd@example.org", {RelayTarget{"far@away.example"}})}, kContent, false);
    EXPECT_TRUE(alone.is_empty());
    EXPECT_EQ(words(alone.results(fail(Errc::internal))), "unavailable");
    const auto beside = plan({recipient("team@example.org", {account(1, "ada@example.org"),
                                                             RelayTarget{"far@away.example"}})},
                             kContent, false);
    EXPECT_EQ(beside.request.relay->grant.account, AccountId(1));
}

TEST(PlanDelivery, EndsMailLoops) {
    const auto ada = account(1, "ada@example.org"), bob = account(2, "bob@example.org");
    const struct {
        const char* name;
        std::string header;
        const char* want;
    } cases[] = {
        {"none", "", "ok ok"},
        {"the same account", "Delivered-To: ada@example.org\r\n", "cannot ok"},
        {"other case", "DELIVERED-TO:  Ada@EXAMPLE.org \r\n", "cannot ok"},
        {"in brackets", "Delivered-To: <ada@example.org>\r\n", "cannot ok"},
        {"folded", "Delivered-To:\r\n ada@example.org\r\n", "cannot ok"},
        {"another", "Delivered-To: cleo@example.org\r\n", "ok ok"},
        {"both", "Delivered-To: bob@example.org\r\nDelivered-To: ada@example.org\r\n",
         "cannot cannot"},
        {"in the body", "X: y\r\n\r\nDelivered-To: ada@example.org\r\n", "ok ok"},
        {"no address", "Delivered-To: \xff\xff\r\n", "ok ok"},
    };
    for (const auto& c : cases) {
        const auto made =
            plan({recipient("ada@example.org", {ada}), recipient("bob@example.org", {bob})},
                 c.header + kContent);
        EXPECT_EQ(words(made.results(answer(made))), c.want) << c.name;
    }
}

TEST(PlanDelivery, ALoopIsTheWorstOfAnAlias) {
    const auto made = plan({recipient("team@example.org", {account(1, "ada@example.org"),
                                                           account(2, "bob@example.org")})},
                           "Delivered-To: ada@example.org\r\n" + kContent);
    EXPECT_EQ(made.request.local.size(), 1U) << "the others of the team still get it";
    EXPECT_EQ(words(made.results(answer(made))), "cannot");
}

TEST(PlanDelivery, NobodyLeft) {
    const auto made = plan({recipient("gone@example.org", {}, Verdict::no_such_user)});
    EXPECT_TRUE(made.is_empty());
    EXPECT_EQ(words(made.results(fail(Errc::internal))), "no_such_account");
}

std::string words(const std::vector<std::vector<trace::Place>>& places) {
    std::string out;
    for (const auto& of_recipient : places) {
        out += out.empty() ? "" : "; ";
        for (const auto& place : of_recipient)
            out += (place.kind == trace::Place::Kind::queue ? "queue " : place.mailbox + " ") +
                   place.address + "=" + std::to_string(place.number) + place.reason + " ";
    }
    return out;
}

TEST(PlanDelivery, TellsTheTraceWhereEachRecipientLed) {
    const auto ada = account(1, "ada@example.org"), bob = account(2, "bob@example.org");
    const auto made =
        plan({recipient("ada@example.org", {ada}),
              recipient("team@example.org", {ada, bob, RelayTarget{"far@away.example"}}),
              recipient("else@away.example", {}, Verdict::not_local)});
    auto answered = answer(made, {1});
    answered.local[0]->uid = Uid(7);
    EXPECT_EQ(words(made.places(answered)),
              "INBOX ada@example.org=7 ; INBOX ada@example.org=7 INBOX "
              "bob@example.org=0over_quota queue far@away.example=1 ; "
              "queue else@away.example=1 ");
    EXPECT_EQ(words(made.places(fail(Errc::io, "disk"))),
              "INBOX ada@example.org=0disk ; INBOX ada@example.org=0disk INBOX "
              "bob@example.org=0disk queue far@away.example=0disk ; "
              "queue else@away.example=0disk ");
    answered.local.clear(); // what no store of ours answers
    answered.queued.reset();
    EXPECT_EQ(words(made.places(answered)),
              "INBOX ada@example.org=0 ; INBOX ada@example.org=0 INBOX bob@example.org=0 queue "
              "far@away.example=0the store has queued nothing ; queue "
              "else@away.example=0the store has queued nothing ");
}

} // namespace
} // namespace maild::delivery
