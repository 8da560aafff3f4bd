// The one account that an admin's commands may read.
#include "directory/world.hpp"

#include <gtest/gtest.h>

namespace maild::directory {
namespace {

using test::Kind;

class DirectoryReportMailbox : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        ASSERT_TRUE(world_.run(admin().add_domain("example.org")).has_value());
        ASSERT_TRUE(world_.run(admin().add_account({"ada@example.org", "", 0})).has_value());
    }
    DirectoryAdmin& admin() { return world_.admin(); }
    Result<auth::Token> grant() { return world_.run(admin().reports_grant()); }

    test::World world_{GetParam()};
};

TEST_P(DirectoryReportMailbox, IsGrantedAsItIsConfigured) {
    EXPECT_EQ(grant().error().code, Errc::not_found);
    world_.set_report_mailbox("ADA@example.org");
    const auto token = grant().value();
    EXPECT_EQ(token.right, auth::Right::access);
    EXPECT_EQ(token.account, world_.run(admin().show_account("ada@example.org")).value().id);
    EXPECT_TRUE(world_.key().verify(token, world_.clock().now()));
    world_.set_report_mailbox("nobody@example.org");
    EXPECT_EQ(grant().error().code, Errc::no_such_account);
    world_.set_report_mailbox("");
    EXPECT_EQ(grant().error().code, Errc::not_found);
}

INSTANTIATE_TEST_SUITE_P(Kinds, DirectoryReportMailbox,
                         testing::Values(Kind::memory, Kind::local, Kind::remote));

} // namespace
} // namespace maild::directory
