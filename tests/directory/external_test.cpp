// Logins by TLS client certificate: whom they name, what `auth` verifies itself, and that each
// failure counts.
#include "directory/world.hpp"
#include "support/client_authority.hpp"

#include <gtest/gtest.h>

namespace maild::directory {
namespace {

using test::ClientAuthority;
using test::ClientFacts;
using test::Kind;

const std::string kAda = "ada@example.org";
const std::string kBob = "bob@example.org";

class DirectoryExternal : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        // Certificates are of today; the world's clock follows.
        world_.clock().set_wall(SystemClock().now());
        ASSERT_TRUE(world_.run(admin().add_domain("example.org")).has_value());
        ASSERT_TRUE(world_.run(admin().add_account({kAda, "", 0})).has_value());
        ASSERT_TRUE(world_.run(admin().add_account({kBob, "secret", 0})).has_value());
        ASSERT_TRUE(world_.run(admin().add_address("countess@example.org", kAda)).has_value());
        world_.trust_clients(net::ClientTrust::create(authority_.pem()).value());
    }
    DirectoryAdmin& admin() { return world_.admin(); }
    // Whose login it is, or the error's name.
    std::string login(std::vector<std::string> chain, const std::string& authzid = {},
                      const std::string& from = "192.0.2.1") {
        const auto result = world_.run(
            world_.directory().external({{authzid, std::move(chain)}, Service::imap, from}));
        return result ? result->address : std::string(name_of(result.error().code));
    }
    std::string login_as(const std::string& names, const std::string& authzid = {}) {
        return login({authority_.issue({.names = names}).der}, authzid);
    }

    ClientAuthority authority_;
    test::World world_{GetParam()};
};

TEST_P(DirectoryExternal, IsOfTheAccountThatTheCertificateNames) {
    const struct {
        const char* name;
        std::string names;
        std::string authzid;
        std::string want;
    } cases[] = {
        {"its address", "email:ada@example.org", "", kAda},
        {"in another case", "email:Ada@Example.ORG", "", kAda},
        {"another address of it", "email:countess@example.org", "", kAda},
        {"both", "email:ada@example.org,email:countess@example.org", "", kAda},
        {"and one of elsewhere", "email:ada@elsewhere.example,email:ada@example.org", "", kAda},
        {"as itself", "email:ada@example.org", kAda, kAda},
        {"as itself by the other address", "email:ada@example.org", "countess@example.org", kAda},
        {"as another", "email:ada@example.org", kBob, "authentication_failed"},
        {"as nobody", "email:ada@example.org", "eve@example.org", "authentication_failed"},
        {"as no address", "email:ada@example.org", "ada", "authentication_failed"},
        {"two accounts", "email:ada@example.org,email:bob@example.org", "",
         "authentication_failed"},
        {"one of two", "email:ada@example.org,email:bob@example.org", kBob, kBob},
        {"nobody", "email:eve@example.org", "", "authentication_failed"},
        {"no address", "DNS:ada.example.org", "", "authentication_failed"},
        {"no address, but asks", "DNS:ada.example.org", kAda, "authentication_failed"},
    };
    for (const auto& c : cases) EXPECT_EQ(login_as(c.names, c.authzid), c.want) << c.name;
}

TEST_P(DirectoryExternal, VerifiesWhatAWorkerClaims) {
    ClientAuthority other;
    const auto good = authority_.issue();
    EXPECT_EQ(login({other.issue().der}), "authentication_failed");
    EXPECT_EQ(login({"ada@example.org"}, kAda), "authentication_failed");
    EXPECT_EQ(login({}, kAda), "authentication_failed");
    EXPECT_EQ(login({good.der}), kAda);
    world_.trust_clients(
        net::ClientTrust::create(authority_.pem() + authority_.crl({good.serial})).value());
    EXPECT_EQ(login({good.der}), "authentication_failed") << "revoked";
    world_.trust_clients(nullptr);
    EXPECT_EQ(login({authority_.issue().der}), "authentication_failed") << "none are configured";
}

TEST_P(DirectoryExternal, EndsWithItsTimeItsAccountAndItsDomain) {
    const auto ada = authority_.issue();
    EXPECT_EQ(login({ada.der}), kAda);
    AccountChange change;
    change.disabled = true;
    ASSERT_TRUE(world_.run(admin().change_account(kAda, change)).has_value());
    EXPECT_EQ(login({ada.der}), "authentication_failed");
    change.disabled = false;
    ASSERT_TRUE(world_.run(admin().change_account(kAda, change)).has_value());
    EXPECT_EQ(login({ada.der}), kAda);
    DomainChange domain;
    domain.disabled = true;
    ASSERT_TRUE(world_.run(admin().change_domain("example.org", domain)).has_value());
    EXPECT_EQ(login({ada.der}), "authentication_failed");
    domain.disabled = false;
    ASSERT_TRUE(world_.run(admin().change_domain("example.org", domain)).has_value());
    world_.clock().advance(std::chrono::hours(2));
    EXPECT_EQ(login({ada.der}), "authentication_failed") << "expired";
}

TEST_P(DirectoryExternal, IsRecordedAndItsFailuresAreCounted) {
    const auto good = authority_.issue();
    EXPECT_EQ(login({good.der}, {}, "198.51.100.7"), kAda);
    EXPECT_EQ(login({good.der}, kBob, "203.0.113.9"), "authentication_failed");
    const auto logins = world_.run(admin().account_logins(kAda)).value();
    ASSERT_EQ(logins.logins.size(), 1U);
    EXPECT_EQ(logins.logins[0].address, "198.51.100.7");
    const auto suspects = world_.run(admin().list_suspects()).value();
    ASSERT_EQ(suspects.size(), 1U);
    auth::Ban ban;
    ban.network = net::parse_network("198.51.100.0/24").value();
    ban.until = world_.clock().now() + std::chrono::hours(1);
    ASSERT_TRUE(world_.run(admin().add_ban(ban)).has_value());
    EXPECT_EQ(login({good.der}, {}, "198.51.100.7"), "limit_exceeded");
    EXPECT_EQ(login({good.der}, {}, "192.0.2.1"), kAda);
}

std::string name_of_kind(const ::testing::TestParamInfo<Kind>& kind) {
    constexpr const char* kNames[] = {"Memory", "Local", "Remote"};
    return kNames[static_cast<int>(kind.param)];
}

INSTANTIATE_TEST_SUITE_P(All, DirectoryExternal,
                         ::testing::Values(Kind::memory, Kind::local, Kind::remote), name_of_kind);

} // namespace
} // namespace maild::directory
