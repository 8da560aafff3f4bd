// COPY and MOVE to another account that are more than one part (message_store.hpp): what ends them,
// and what is left of them. Account 1 is the owner of the destination, 2 copies; 101 does, too, and
// its rows lie in another shard.
#include "store/sharing_conformance.hpp"

#include <memory>

namespace maild::store::test {
namespace {

constexpr std::int64_t kDomain = 7;
constexpr std::int64_t kActors[] = {2, 101};

// Five messages, two of which are more than a part may have.
struct Actor {
    Actor(Subject& subject, std::int64_t number)
        : id(number),
          own(std::make_unique<Client>(subject, id, 0, kDomain)),
          there(subject, *own, token(subject, 1, auth::Right::visit, 0, 0, kDomain)),
          box("box" + std::to_string(id)),
          owner(subject, 1, 0, kDomain) {
        owner.create(box);
        owner.share(box, grantee(), "lri");
        const std::string big(600'000, 'b');
        own->append("INBOX", {big, big, big, big, "small"});
        own->open("INBOX");
    }
    Grantee grantee() const { return {AccountId(id), {}}; }
    Destination destination() const { return {box, there.id()}; }
    std::uint32_t copied() { return owner.status(box).messages; }

    std::int64_t id;
    std::unique_ptr<Client> own;
    Client there;
    std::string box;
    Client owner;
};

} // namespace

TEST_P(SharingConformance, CopyAcrossComesInParts) {
    for (const auto id : kActors) {
        Actor actor(*subject, id);
        EXPECT_EQ(actor.own->begin_copy(everything(), actor.destination()), "1>1 2>2 …");
        EXPECT_EQ(actor.copied(), 2U);
        EXPECT_EQ(actor.own->copy_on(), "3>3 4>4 …");
        EXPECT_EQ(actor.own->copy_on(), "5>5");
        EXPECT_EQ(actor.own->copy_on(), "not_permitted") << "there is nothing more";
        actor.owner.open(actor.box);
        EXPECT_EQ(actor.owner.content(5), "small");
        EXPECT_EQ(actor.copied(), 5U);
    }
}

TEST_P(SharingConformance, CopyAcrossEndsWhenTheRightDoes) {
    for (const auto id : kActors) {
        Actor actor(*subject, id);
        actor.own->begin_copy(everything(), actor.destination());
        actor.owner.share(actor.box, actor.grantee(), "lr");
        EXPECT_EQ(actor.own->copy_on(), "not_permitted");
        EXPECT_EQ(actor.copied(), 0U) << "all or none";
        EXPECT_EQ(actor.own->copy_on(), "not_permitted");
        EXPECT_EQ(text(actor.own->open("INBOX")), "1 2 3 4 5");
    }
}

TEST_P(SharingConformance, CopyAcrossIsTakenBackFromWhatIsRenamed) {
    for (const auto id : kActors) {
        for (const bool is_replaced : {false, true}) {
            Actor actor(*subject, id);
            EXPECT_EQ(actor.own->begin_copy(everything(), actor.destination()), "1>1 2>2 …");
            ASSERT_EQ(actor.owner.rename(actor.box, "renamed"), "ok");
            if (is_replaced) {
                ASSERT_EQ(actor.owner.create(actor.box), "ok");
                actor.owner.share(actor.box, actor.grantee(), "lri");
            }
            EXPECT_EQ(actor.own->copy_on(), "no_such_mailbox");
            EXPECT_EQ(actor.owner.status("renamed").messages, 0U) << is_replaced;
            if (is_replaced) {
                EXPECT_EQ(actor.copied(), 0U);
                ASSERT_EQ(actor.owner.remove(actor.box), "ok");
            }
            ASSERT_EQ(actor.owner.remove("renamed"), "ok");
        }
    }
}

TEST_P(SharingConformance, MoveAcrossThatEndsEarlyHasNothingTwiceAndLosesNothing) {
    for (const auto id : kActors) {
        Actor actor(*subject, id);
        EXPECT_EQ(actor.own->begin_move(everything(), actor.destination()), "1>1 2>2 …");
        EXPECT_EQ(text(actor.own->open("INBOX")), "3 4 5");
        EXPECT_EQ(actor.own->copy_on(), "not_permitted") << "it was left by opening";
        EXPECT_EQ(actor.own->begin_move(everything(), actor.destination()), "3>3 4>4 …");
        actor.owner.share(actor.box, actor.grantee(), "");
        EXPECT_EQ(actor.own->copy_on(), "no_such_mailbox");
        EXPECT_EQ(text(actor.own->open("INBOX")), "5");
        EXPECT_EQ(actor.copied(), 4U);
    }
}

TEST_P(SharingConformance, CopyAcrossEndsWithEitherSession) {
    for (const auto id : kActors) {
        Actor actor(*subject, id);
        actor.own->begin_copy(everything(), actor.destination());
        store.close_session(actor.there.id());
        EXPECT_NE(actor.own->copy_on(), "3>3 4>4 …");
        EXPECT_EQ(actor.copied(), 0U);
        // The owner's sessions are ended: so are those on his mailboxes.
        Client there(*subject, *actor.own, token(*subject, 1, auth::Right::visit, 0, 0, kDomain));
        const Destination again(actor.box, there.id());
        EXPECT_EQ(actor.own->begin_copy(everything(), again), "1>3 2>4 …");
        actor.own.reset(); // the line breaks
        EXPECT_TRUE(subject->run_until([&] { return actor.copied() == 0; }));
    }
}

TEST_P(SharingConformance, CopyAcrossEndsWhenTheActorIsKicked) {
    for (const auto id : kActors) {
        Actor actor(*subject, id);
        actor.own->begin_copy(everything(), actor.destination());
        EXPECT_EQ(actor.copied(), 2U);
        const ShardId shard(id < 100 ? 1 : 2);
        EXPECT_TRUE(run(subject->admin().drop_sessions({AccountId(id), shard})));
        EXPECT_TRUE(subject->run_until([&] { return actor.own->news() == "lost"; }));
        EXPECT_TRUE(subject->run_until([&] { return actor.copied() == 0; }));
        EXPECT_EQ(actor.own->copy_on(), "not_permitted");
    }
}

TEST_P(SharingConformance, CopyAcrossIsGivenUpByAnotherOne) {
    Actor actor(*subject, 2);
    actor.own->begin_copy(everything(), actor.destination());
    EXPECT_EQ(actor.own->begin_copy(uid(5), actor.destination()), "5>3");
    EXPECT_TRUE(subject->run_until([&] { return actor.copied() == 1; }));
    actor.own->begin_copy(everything(), actor.destination());
    store.close_mailbox(actor.own->id());
    EXPECT_TRUE(subject->run_until([&] { return actor.copied() == 1; }));
    EXPECT_EQ(actor.own->copy_on(), "not_permitted");
}

} // namespace maild::store::test
