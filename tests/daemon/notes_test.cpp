#include "daemon/notes.hpp"
#include "support/faulty_disk.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace maild::daemon {
namespace {

using maild::test::FaultyDisk;
using maild::test::Survives;

std::string loaded(FaultyDisk& disk) {
    const auto text = Notes(disk, "/trace").load("summary");
    return text ? *text : std::string(name_of(text.error().code));
}

TEST(Notes, KeepsEachTextUnderItsName) {
    FaultyDisk disk;
    ASSERT_TRUE(disk.make_directory("/trace"));
    Notes notes(disk, "/trace");
    EXPECT_EQ(loaded(disk), "");
    ASSERT_TRUE(notes.keep("summary", "one\ntwo\n"));
    ASSERT_TRUE(notes.keep("alerts", "three"));
    EXPECT_EQ(loaded(disk), "one\ntwo\n");
    ASSERT_TRUE(notes.keep("summary", ""));
    EXPECT_EQ(loaded(disk), "");
}

TEST(Notes, KnowsWhatANameIs) {
    for (const std::string_view name : {"summary", "a-b"})
        EXPECT_TRUE(Notes::is_name(name)) << name;
    for (const std::string_view name : {"", "..", "a/b", "A", "a b", "123"})
        EXPECT_FALSE(Notes::is_name(name)) << name;
    EXPECT_FALSE(Notes::is_name(std::string(33, 'a')));
}

TEST(Notes, AreOfOneRoleEach) {
    using ipc::PeerRole;
    EXPECT_TRUE(Notes::is_of(PeerRole::sender, "sts-policies"));
    EXPECT_FALSE(Notes::is_of(PeerRole::control, "sts-policies"));
    EXPECT_TRUE(Notes::is_of(PeerRole::control, "summary"));
    EXPECT_FALSE(Notes::is_of(PeerRole::sender, "summary"));
    for (const auto* name : {"sts-policies", "summary"})
        EXPECT_FALSE(Notes::is_of(PeerRole::worker, name)) << name;
    EXPECT_FALSE(Notes::is_of(PeerRole::control, "../summary"));
}

TEST(Notes, RefusesWhatIsTooLong) {
    FaultyDisk disk;
    ASSERT_TRUE(disk.make_directory("/trace"));
    Notes notes(disk, "/trace");
    EXPECT_FALSE(notes.keep("summary", std::string(kMaxNoteText + 1, 'x')));
    EXPECT_TRUE(notes.keep("summary", std::string(kMaxNoteText, 'x')));
}

// Whenever the power goes: the text before or the one after, never half of one.
TEST(Notes, AreWholeAfterAPowerCutAtEveryStep) {
    for (std::uint64_t step = 0;; ++step) {
        FaultyDisk disk;
        ASSERT_TRUE(disk.make_directory("/trace"));
        ASSERT_TRUE(disk.sync_directory("/"));
        ASSERT_TRUE(Notes(disk, "/trace").keep("summary", "before"));
        disk.cut_power_after(step);
        const auto kept = Notes(disk, "/trace").keep("summary", "after, and longer");
        const bool was_cut = !disk.is_powered();
        disk.crash(Survives::synced);
        const auto text = loaded(disk);
        if (kept)
            EXPECT_EQ(text, "after, and longer") << step;
        else
            EXPECT_TRUE(text == "before" || text == "after, and longer") << step << ": " << text;
        // What a cut has left over is in nobody's way.
        ASSERT_TRUE(Notes(disk, "/trace").keep("summary", "again")) << step;
        EXPECT_EQ(loaded(disk), "again");
        if (!was_cut) break;
    }
}

} // namespace
} // namespace maild::daemon
