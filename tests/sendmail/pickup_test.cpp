// The maildrop: what is left there, what is taken up, and what is not.
#include "sendmail/fake_daemon.hpp"
#include "sendmail/handle.hpp"
#include "sendmail/spool.hpp"
#include "support/temp_dir.hpp"

#include "maild/sendmail/pickup.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace maild::sendmail {
namespace {

namespace fs = std::filesystem;
using test::FakeDaemon;

class PickupTest : public ::testing::Test {
protected:
    PickupTest() {
        fs::create_directory(maildrop_);
        ::chmod(maildrop_.c_str(), 01733);
        ::chmod(dir_.path().c_str(), 0755);
    }
    std::string leave_one(const std::string& content = "To: root\r\n\r\nx\r\n") {
        const Submission submission{.sender = {}, .recipients = {"root"}, .content = content};
        const auto before = names();
        EXPECT_TRUE(leave(maildrop_, submission));
        for (const auto& name : names())
            if (std::ranges::find(before, name) == before.end()) return name;
        return {};
    }
    std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const auto& entry : fs::directory_iterator(maildrop_))
            out.push_back(entry.path().filename().string());
        std::ranges::sort(out);
        return out;
    }
    Result<PickupCount> turn() {
        told_.clear();
        return pick_up({.maildrop = maildrop_,
                        .socket = socket_,
                        .most_octets = 10'000,
                        .report =
                            [this](const PickedUp& file) {
                                constexpr const char* kFates[] = {"submitted", "later", "refused"};
                                told_ += std::string(kFates[static_cast<std::size_t>(file.fate)]) +
                                         " " + std::string(file.why) + "\n";
                            },
                        .is_stopping = {}});
    }

    test::TempDir dir_;
    std::string maildrop_ = dir_ / "maildrop";
    std::string socket_ = dir_ / "s";
    std::string told_;
};

TEST_F(PickupTest, WhatIsLeftIsItsOwnersAlone) {
    const mode_t before = ::umask(0);
    const auto name = leave_one();
    ::umask(before);
    ASSERT_EQ(names().size(), 1U);
    EXPECT_TRUE(is_spooled_name(name)) << name;
    struct stat facts{};
    ASSERT_EQ(::lstat((maildrop_ + "/" + name).c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0600U);
}

TEST_F(PickupTest, SubmittedAndGone) {
    leave_one("To: root\r\n\r\nfirst\r\n");
    leave_one("To: root\r\n\r\nsecond\r\n");
    FakeDaemon daemon(socket_);
    const auto done = turn();
    ASSERT_TRUE(done) << done.error().internal;
    EXPECT_EQ(done->submitted, 2U);
    EXPECT_EQ(done->left, 0U);
    EXPECT_TRUE(names().empty());
    EXPECT_EQ(daemon.contents().size(), 2U);
}

TEST_F(PickupTest, StaysWithoutADaemonAndUntilItSaysYes) {
    leave_one();
    EXPECT_EQ(turn().error().code, Errc::unavailable);
    EXPECT_EQ(names().size(), 1U);
    FakeDaemon daemon(socket_, [](const std::string& line) {
        return line.starts_with("BDAT") ? std::string("451 4.3.0 later") : std::string();
    });
    const auto done = turn();
    ASSERT_TRUE(done);
    EXPECT_EQ(done->left, 1U);
    EXPECT_EQ(names().size(), 1U);
    EXPECT_EQ(told_, "later 451 4.3.0 later\n");
}

TEST_F(PickupTest, WhatOthersCouldHaveMadeIsKeptAside) {
    const auto good = leave_one();
    const auto plant = [&](const std::string& name) { return maildrop_ + "/mail.0." + name; };
    const auto write = [](const std::string& path, const std::string& text, mode_t mode) {
        std::ofstream(path) << text;
        ::chmod(path.c_str(), mode);
    };
    const std::string text = "maild-submission 1\nto root\n\nx\r\n";
    fs::create_symlink(maildrop_ + "/" + good, plant("1"));
    write(dir_ / "other", text, 0600);
    fs::create_hard_link(dir_ / "other", plant("2"));
    write(plant("3"), text, 0666);
    write(plant("4"), text + std::string(20'000, 'x'), 0600);
    ::mkfifo(plant("5").c_str(), 0600);
    fs::create_directory(plant("6"));
    write(plant("7"), "no such message", 0600);
    write(plant("8"), "", 0600);
    FakeDaemon daemon(socket_);
    const auto done = turn();
    ASSERT_TRUE(done) << done.error().internal;
    EXPECT_EQ(done->submitted, 1U);
    EXPECT_EQ(done->refused, 8U);
    EXPECT_EQ(done->left, 0U);
    EXPECT_EQ(told_, "refused a symbolic link\n"
                     "refused it has another name somewhere\n"
                     "refused others can write it\n"
                     "refused it is too large\n"
                     "refused no regular file\n"
                     "refused no regular file\n"
                     "refused no message of this command\n"
                     "refused no message of this command\n"
                     "submitted \n");
    EXPECT_EQ(names().size(), 8U);
    EXPECT_EQ(turn()->refused, 0U) << "each is told once";
    EXPECT_EQ(daemon.contents().size(), 1U);
}

TEST_F(PickupTest, UnfinishedOnesAreLeftAlone) {
    std::ofstream(maildrop_ + "/tmp.1.2") << "x";
    FakeDaemon daemon(socket_);
    EXPECT_EQ(turn()->left, 0U);
    EXPECT_EQ(names().size(), 1U);
}

TEST_F(PickupTest, WhatIsRefusedIsTold) {
    leave_one();
    FakeDaemon daemon(socket_, [](const std::string& line) {
        return line == "RCPT TO:<root@x.test>" ? std::string("550 5.1.1 no such user")
                                               : std::string();
    });
    EXPECT_EQ(turn()->submitted, 1U);
    EXPECT_TRUE(names().empty());
    ASSERT_EQ(daemon.contents().size(), 1U);
    EXPECT_TRUE(daemon.contents()[0].contains("550 5.1.1 no such user"));
}

TEST_F(PickupTest, AndKeptIfNobodyCanBeTold) {
    leave_one();
    FakeDaemon daemon(socket_, [](const std::string& line) {
        return line.starts_with("RCPT") ? std::string("550 5.1.1 no such user") : std::string();
    });
    EXPECT_EQ(turn()->refused, 1U);
    ASSERT_EQ(names().size(), 1U);
    EXPECT_TRUE(names()[0].starts_with("bad.mail.")) << names()[0];
}

TEST_F(PickupTest, AfterDaysItsSenderIsTold) {
    const auto path = maildrop_ + "/" + leave_one();
    const timespec old[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), old, 0), 0);
    FakeDaemon daemon(socket_, [](const std::string& line) {
        return line == "RCPT TO:<root@x.test>" ? std::string("451 4.3.0 later") : std::string();
    });
    EXPECT_EQ(turn()->submitted, 1U);
    ASSERT_EQ(daemon.contents().size(), 1U);
    EXPECT_TRUE(daemon.contents()[0].contains("451 4.3.0 later"));
}

TEST_F(PickupTest, RecipientsThatWaitGetAFileOfTheirOwn) {
    ASSERT_TRUE(leave(maildrop_, {.sender = {}, .recipients = {"a", "b"}, .content = "\r\nx\r\n"}));
    bool is_full = true;
    FakeDaemon daemon(socket_, [&](const std::string& line) {
        return is_full && line.contains("<b@") ? std::string("452 4.2.2 full") : std::string();
    });
    EXPECT_EQ(turn()->submitted, 1U);
    EXPECT_EQ(names().size(), 1U);
    is_full = false;
    EXPECT_EQ(turn()->submitted, 1U);
    EXPECT_TRUE(names().empty());
    std::size_t to_a = 0;
    for (const auto& line : daemon.commands()) to_a += line == "RCPT TO:<a@x.test>" ? 1 : 0;
    EXPECT_EQ(to_a, 1U);
}

TEST_F(PickupTest, NobodyWaitsForWhoeverLeftMany) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
    for (int i = 0; i < 5; ++i) leave_one("Subject: many\r\n\r\nx\r\n");
    const auto path = maildrop_ + "/" + leave_one("Subject: one\r\n\r\nx\r\n");
    ASSERT_EQ(::chown(path.c_str(), 65'534, 65'534), 0);
    FakeDaemon daemon(socket_);
    ::chmod(socket_.c_str(), 0666);
    EXPECT_EQ(turn()->submitted, 6U);
    const auto contents = daemon.contents();
    ASSERT_EQ(contents.size(), 6U);
    EXPECT_TRUE(contents[1].contains("Subject: one")) << contents[1];
}

TEST_F(PickupTest, OneAtATime) {
    const UniqueFd other(::open(maildrop_.c_str(), O_RDONLY | O_DIRECTORY));
    ASSERT_EQ(::flock(other.get(), LOCK_EX), 0);
    EXPECT_EQ(turn().error().code, Errc::busy);
}

TEST_F(PickupTest, OnlyByItsOwner) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root gives directories away";
    ASSERT_EQ(::chown(maildrop_.c_str(), 65'534, 65'534), 0);
    EXPECT_EQ(turn().error().code, Errc::not_permitted);
}

TEST(Places, OfATrialAndOfTheSystem) {
    test::TempDir dir;
    fs::create_directories(dir / "etc");
    std::ofstream(dir / "etc/maild.toml") << "";
    const auto trial = places_of(dir / "bin/sendmail");
    EXPECT_EQ(trial.socket, dir / "run/submit.sock");
    EXPECT_EQ(trial.maildrop, dir / "var/lib/maildrop");
    EXPECT_EQ(trial.mailctl, dir / "bin/mailctl");
    EXPECT_EQ(places_of("/usr/local/bin/sendmail").maildrop, "/var/lib/maild/maildrop");
}

} // namespace
} // namespace maild::sendmail
