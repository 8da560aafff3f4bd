// App passwords: what each is good for, and that none outlives being taken back.
#include "directory/world.hpp"
#include "support/scram_client.hpp"

#include "maild/auth/login_secret.hpp"

#include <gtest/gtest.h>

namespace maild::directory {
namespace {

using namespace std::chrono_literals;
using test::Kind;
using test::ScramClient;

const std::string kAda = "ada@example.org";

AppScope for_protocols(std::vector<AppProtocol> protocols) {
    AppScope scope;
    scope.protocols = std::move(protocols);
    return scope;
}
AppScope from_networks(std::vector<net::Network> networks) {
    AppScope scope;
    scope.networks = std::move(networks);
    return scope;
}
AppScope until(WallTime time) {
    AppScope scope;
    scope.expires = time;
    return scope;
}

class DirectoryAppPasswords : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        ASSERT_TRUE(world_.run(admin().add_domain("example.org")).has_value());
        ASSERT_TRUE(world_.run(admin().add_account({kAda, "secret", 0})).has_value());
    }

    DirectoryAdmin& admin() { return world_.admin(); }
    std::string add(const std::string& name, AppScope scope = {}, const std::string& to = kAda) {
        auto made = world_.run(admin().add_app_password({to, name, std::move(scope)}));
        if (made) {
            EXPECT_TRUE(auth::is_app_password(*made)) << *made;
            return *made;
        }
        return std::string(name_of(made.error().code)) + ": " + made.error().internal;
    }
    bool remove(const std::string& name) {
        return world_.run(admin().remove_app_password(kAda, name)).value().changed;
    }
    std::vector<AppPassword> list() { return world_.run(admin().list_app_passwords(kAda)).value(); }
    // "", or the error's name.
    std::string login(const std::string& password, Service service = Service::imap,
                      const std::string& from = "192.0.2.1", const std::string& who = kAda) {
        const auto result =
            world_.run(world_.directory().login({{"", who, password}, service, from}));
        if (!result) return std::string(name_of(result.error().code));
        until_ = result->until;
        return "";
    }
    std::string scram(const std::string& password, const char* name = "SHA256",
                      Service service = Service::imap, const std::string& from = "192.0.2.1",
                      const std::string& who = kAda) {
        const auto hash =
            name == std::string("SHA1") ? auth::ScramHash::sha1 : auth::ScramHash::sha256;
        ScramClient client(who, password, name);
        const auto send = [&](std::string text, std::string state) {
            return world_.run(world_.directory().scram(
                {{.hash = hash, .text = std::move(text), .state = std::move(state)},
                 service,
                 from}));
        };
        const auto first = send(client.first(), "");
        if (!first) return std::string(name_of(first.error().code));
        const auto last = send(client.final(first->text), first->state);
        if (!last) return std::string(name_of(last.error().code));
        EXPECT_EQ(last->text, client.last_word());
        until_ = last->identity->until;
        return "";
    }

    test::World world_{GetParam()};
    std::optional<WallTime> until_; // of the last login that was right
};

const std::string kFailed = "authentication_failed";

TEST_P(DirectoryAppPasswords, WorkBesideTheAccountsOwn) {
    const auto phone = add("phone"), laptop = add("laptop");
    EXPECT_NE(phone, laptop);
    for (const auto& password : {std::string("secret"), phone, laptop}) {
        EXPECT_EQ(login(password), "");
        EXPECT_EQ(scram(password), "");
        EXPECT_EQ(scram(password, "SHA1"), "");
    }
    EXPECT_EQ(login(phone.substr(0, phone.size() - 1) + (phone.back() == 'a' ? "b" : "a")),
              kFailed);
    ASSERT_TRUE(world_.run(admin().add_account({"bob@example.org", "hunter2", 0})).has_value());
    EXPECT_EQ(login(phone, Service::imap, "192.0.2.1", "bob@example.org"), kFailed)
        << "another account's";
    EXPECT_EQ(scram(phone, "SHA256", Service::imap, "192.0.2.1", "bob@example.org"), kFailed);
}

TEST_P(DirectoryAppPasswords, AreGoodForTheirProtocolsAlone) {
    const auto mail = add("mail", for_protocols({AppProtocol::imap, AppProtocol::smtp}));
    const auto pop = add("pop", for_protocols({AppProtocol::pop3}));
    const struct {
        Service service;
        bool mail, pop;
    } cases[] = {{Service::imap, true, false},
                 {Service::submission, true, false},
                 {Service::pop3, false, true},
                 {Service::managesieve, false, false}};
    for (const auto& c : cases) {
        EXPECT_EQ(login(mail, c.service), c.mail ? "" : kFailed);
        EXPECT_EQ(scram(mail, "SHA256", c.service), c.mail ? "" : kFailed);
        EXPECT_EQ(login(pop, c.service), c.pop ? "" : kFailed);
        EXPECT_EQ(scram(pop, "SHA1", c.service), c.pop ? "" : kFailed);
        EXPECT_EQ(login("secret", c.service), "");
    }
}

TEST_P(DirectoryAppPasswords, AreGoodFromTheirNetworksAlone) {
    AppScope scope;
    for (const auto* network : {"192.0.2.0/24", "2001:db8::/48"})
        scope.networks.push_back(*net::parse_network(network));
    const auto office = add("office", scope);
    for (const auto* from : {"192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"}) {
        EXPECT_EQ(login(office, Service::imap, from), "") << from;
        EXPECT_EQ(scram(office, "SHA256", Service::imap, from), "") << from;
    }
    for (const auto* from : {"198.51.100.7", "2001:db8:1::7", "local", ""}) {
        EXPECT_EQ(login(office, Service::imap, from), kFailed) << from;
        EXPECT_EQ(scram(office, "SHA256", Service::imap, from), kFailed) << from;
    }
}

TEST_P(DirectoryAppPasswords, ExpireToTheSecond) {
    const auto expires = world_.clock().now() + 1h;
    const auto short_lived = add("short", until(expires));
    world_.clock().advance(1h - 1s);
    EXPECT_EQ(login(short_lived), "");
    EXPECT_EQ(scram(short_lived), "");
    world_.clock().advance(1s);
    EXPECT_EQ(login(short_lived), kFailed);
    EXPECT_EQ(scram(short_lived), kFailed);
    EXPECT_EQ(list().at(0).scope.expires, expires) << "shown until it is removed";
}

// So that sessions can end with it, however they were opened.
TEST_P(DirectoryAppPasswords, SayHowLongALoginIsGood) {
    const auto expires = world_.clock().now() + 1h;
    const auto short_lived = add("short", until(expires));
    const auto endless = add("endless");
    const std::optional<WallTime> no_end;
    for (const auto& [password, end] :
         {std::pair(short_lived, std::optional(expires)), std::pair(endless, no_end),
          std::pair(std::string("secret"), no_end)}) {
        EXPECT_EQ(login(password), "");
        EXPECT_EQ(until_, end);
        until_ = WallTime();
        EXPECT_EQ(scram(password), "");
        EXPECT_EQ(until_, end);
    }
}

TEST_P(DirectoryAppPasswords, AreTakenBackAtOnce) {
    const auto phone = add("phone"), laptop = add("laptop");
    EXPECT_EQ(login(phone), "");
    EXPECT_TRUE(remove("phone"));
    EXPECT_FALSE(remove("phone"));
    EXPECT_EQ(login(phone), kFailed);
    EXPECT_EQ(scram(phone), kFailed);
    EXPECT_EQ(login(laptop), "");
    EXPECT_NE(add("phone"), phone);
    EXPECT_EQ(login(phone), kFailed) << "another one of the same name";
}

TEST_P(DirectoryAppPasswords, AreShownWithTheirLastUse) {
    AppScope scope{.protocols = {AppProtocol::sieve, AppProtocol::imap},
                   .networks = {*net::parse_network("192.0.2.0/24")},
                   .expires = {}};
    const auto phone = add("phone", scope);
    add("a laptop");
    const auto made = world_.clock().now();
    auto all = list();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].name, "a laptop");
    EXPECT_EQ(all[1].name, "phone");
    EXPECT_EQ(all[1].scope.protocols, scope.protocols);
    EXPECT_EQ(all[1].scope.networks, scope.networks);
    EXPECT_FALSE(all[1].scope.expires.has_value());
    EXPECT_EQ(all[1].created, made);
    EXPECT_FALSE(all[1].last_used.has_value());
    world_.clock().advance(1min);
    EXPECT_EQ(login(phone), "");
    EXPECT_EQ(list()[1].last_used, made + 1min);
    EXPECT_EQ(list()[1].last_address, "192.0.2.1");
    world_.clock().advance(1min);
    EXPECT_EQ(login(phone, Service::pop3), kFailed);
    EXPECT_EQ(list()[1].last_used, made + 1min) << "a refusal is no use";
    EXPECT_EQ(scram(phone, "SHA256", Service::managesieve, "192.0.2.9"), "");
    EXPECT_EQ(list()[1].last_used, made + 2min);
    EXPECT_EQ(list()[1].last_address, "192.0.2.9");
    EXPECT_EQ(list()[1].last_service, "managesieve");
    EXPECT_FALSE(list()[0].last_used.has_value());
}

TEST_P(DirectoryAppPasswords, OutliveANewPasswordAndANewAddress) {
    const auto phone = add("phone");
    AccountChange password, address;
    password.password = "better";
    ASSERT_TRUE(world_.run(admin().change_account(kAda, password)).has_value());
    EXPECT_EQ(login(phone), "");
    EXPECT_EQ(scram(phone), "");
    EXPECT_EQ(scram("better"), "");
    EXPECT_EQ(scram("secret"), kFailed);
    address.new_address = "countess@example.org";
    ASSERT_TRUE(world_.run(admin().change_account(kAda, address)).has_value());
    const auto laptop = add("laptop", {}, "countess@example.org");
    for (const auto& each : {std::string("better"), phone, laptop}) {
        EXPECT_EQ(login(each, Service::imap, "192.0.2.1", "countess@example.org"), "");
        EXPECT_EQ(scram(each, "SHA256", Service::imap, "192.0.2.1", "countess@example.org"), "");
    }
}

TEST_P(DirectoryAppPasswords, AreNotOfOneThatIsOffOrAnother) {
    const auto phone = add("phone");
    AccountChange off, on;
    off.disabled = true;
    on.disabled = false;
    ASSERT_TRUE(world_.run(admin().change_account(kAda, off)).has_value());
    EXPECT_EQ(login(phone), kFailed);
    EXPECT_EQ(scram(phone), kFailed);
    ASSERT_TRUE(world_.run(admin().change_account(kAda, on)).has_value());
    EXPECT_EQ(login(phone), "");
    ASSERT_TRUE(world_.run(admin().remove_account(kAda)).has_value());
    ASSERT_TRUE(world_.run(admin().add_account({kAda, "secret", 0})).has_value());
    EXPECT_TRUE(list().empty());
    EXPECT_EQ(login(phone), kFailed);
}

TEST_P(DirectoryAppPasswords, AreAllThatAnAccountNeeds) {
    for (const auto* given : {"", "{SSHA}dFWAdLXeDBTj01WbdotiS4s3zKlzYWx0"}) {
        const std::string who = *given != '\0' ? "hashed@example.org" : "none@example.org";
        ASSERT_TRUE(world_.run(admin().add_account({who, given, 0})).has_value());
        const auto phone = add("phone", {}, who);
        EXPECT_EQ(login(phone, Service::imap, "192.0.2.1", who), "") << who;
        EXPECT_EQ(scram(phone, "SHA256", Service::imap, "192.0.2.1", who), "") << who;
        EXPECT_EQ(login("", Service::imap, "", who), kFailed);
        EXPECT_EQ(login("guess", Service::imap, "", who), kFailed);
    }
    EXPECT_EQ(login("pencil", Service::imap, "192.0.2.1", "hashed@example.org"), "");
    EXPECT_EQ(scram("pencil", "SHA1", Service::imap, "192.0.2.1", "hashed@example.org"), "");
}

TEST_P(DirectoryAppPasswords, HaveLimits) {
    add("phone");
    EXPECT_EQ(add("phone"), "already_exists: ada@example.org has an app password 'phone' already; "
                            "remove it first");
    const std::string no_name =
        "invalid_argument: an app password's name is one line of 1 to 64 octets";
    for (const auto& name : {std::string(), std::string(65, 'x'), std::string("two\nlines"),
                             std::string("\xff"), std::string("nul\0", 4)})
        EXPECT_EQ(add(name), no_name);
    EXPECT_EQ(add("x", until(world_.clock().now())),
              "invalid_argument: an app password expires in the future");
    EXPECT_EQ(add("x", for_protocols({static_cast<AppProtocol>(9)})),
              "invalid_argument: unknown protocol");
    EXPECT_EQ(
        add("x", from_networks(std::vector<net::Network>(33, *net::parse_network("192.0.2.1")))),
        "invalid_argument: an app password can be good for at most 32 networks");
    EXPECT_EQ(add("x", {}, "eve@example.org").substr(0, 15), "no_such_account");
    for (std::size_t i = 1; i < kMaxAppPasswords; ++i) add("app " + std::to_string(i));
    EXPECT_EQ(add("one more"), "limit_exceeded: ada@example.org has 50 app passwords already");
}

// HARDENING 40: one that is refused is a guess like any other.
TEST_P(DirectoryAppPasswords, CountAsGuessesWhereTheyAreNotGood) {
    const auto pop = add("pop", for_protocols({AppProtocol::pop3}));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(login(pop), kFailed);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(scram(pop), kFailed);
    const auto suspects = world_.run(admin().list_suspects()).value();
    ASSERT_EQ(suspects.size(), 1U);
    EXPECT_EQ(suspects[0].failures, 10U);
    EXPECT_EQ(login(pop, Service::pop3), "") << "and where it is good, it stays good";
}

std::string name_of_kind(const ::testing::TestParamInfo<Kind>& kind) {
    constexpr const char* kNames[] = {"Memory", "Local", "Remote"};
    return kNames[static_cast<int>(kind.param)];
}

INSTANTIATE_TEST_SUITE_P(All, DirectoryAppPasswords,
                         ::testing::Values(Kind::memory, Kind::local, Kind::remote), name_of_kind);

TEST(LocalDirectoryAppPasswords, OutliveTheProcess) {
    test::World world(Kind::local);
    ASSERT_TRUE(world.run(world.admin().add_domain("example.org")).has_value());
    ASSERT_TRUE(world.run(world.admin().add_account({kAda, "secret", 0})).has_value());
    const auto phone = world.run(world.admin().add_app_password({kAda, "phone", {}})).value();
    const auto may = [&] {
        return world.run(world.directory().login({{"", kAda, phone}, Service::imap, "192.0.2.1"}))
            .has_value();
    };
    EXPECT_TRUE(may());
    EXPECT_TRUE(world.keep_logins());
    world.reopen();
    EXPECT_TRUE(may());
    const auto all = world.run(world.admin().list_app_passwords(kAda)).value();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_TRUE(all[0].last_used.has_value());
}

TEST(AppPasswordForm, IsOfThirtyFourCharacters) {
    test::SeededRandom random(1);
    const auto made = auth::make_app_password(random);
    EXPECT_TRUE(auth::is_app_password(made));
    EXPECT_EQ(made.size(), 34U);
    EXPECT_NE(auth::make_app_password(random), made);
    for (std::size_t i = 0; i < made.size(); ++i) {
        auto other = made;
        other[i] = other[i] == '-' ? 'a' : '1';
        EXPECT_FALSE(auth::is_app_password(other)) << i;
        EXPECT_FALSE(auth::is_app_password(made.substr(0, i))) << i;
    }
    EXPECT_FALSE(auth::is_app_password(made + "a"));
}

} // namespace
} // namespace maild::directory
