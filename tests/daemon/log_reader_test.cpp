#include "daemon/log_reader.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <fstream>

namespace maild::daemon {
namespace {

using Strings = std::vector<std::string>;

class LogReaderTest : public testing::Test {
protected:
    void rotate(const std::string& name) {
        path_ = dir_ / name;
        std::ofstream(path_, std::ios::app).flush();
        reader_.give(UniqueFd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)));
    }
    void write(const std::string& text) { std::ofstream(path_, std::ios::app) << text; }
    Strings next() {
        const auto read = reader_.from(place_, {});
        EXPECT_TRUE(read);
        place_ = read->next;
        return read->lines;
    }

    test::TempDir dir_;
    std::string path_;
    LogReader reader_;
    LogReader::Place place_;
};

TEST_F(LogReaderTest, ShowsTheLastLinesAndGoesOn) {
    EXPECT_FALSE(reader_.has_log());
    rotate("log");
    EXPECT_TRUE(reader_.has_log());
    write("a\nb\nc\nd");
    const auto last = reader_.last({}, 2);
    ASSERT_TRUE(last);
    EXPECT_EQ(last->lines, (Strings{"b", "c"}));
    place_ = last->next;
    EXPECT_EQ(next(), Strings{}) << "a line is shown once it is whole";
    write("d\ne\n");
    EXPECT_EQ(next(), (Strings{"dd", "e"}));
    EXPECT_EQ(next(), Strings{});
}

TEST_F(LogReaderTest, ReadsARotatedFileToItsEnd) {
    rotate("log");
    write("a\n");
    place_ = reader_.last({}, 0)->next;
    write("b\n");
    rotate("log.new");
    write("c\n");
    EXPECT_EQ(next(), Strings{"b"});
    EXPECT_EQ(next(), Strings{});
    EXPECT_EQ(next(), Strings{"c"});
    rotate("log.3");
    rotate("log.4");
    write("d\n");
    EXPECT_EQ(next(), Strings{"d"}) << "two further ones have come meanwhile";
}

TEST_F(LogReaderTest, BeginsAnewWhereTheFileWasCutOff) {
    rotate("log");
    write("a long line\n");
    place_ = reader_.last({}, 0)->next;
    ASSERT_EQ(::truncate(path_.c_str(), 0), 0);
    write("b\n");
    EXPECT_EQ(next(), Strings{"b"});
}

TEST_F(LogReaderTest, ReadsMuchInPieces) {
    rotate("log");
    place_ = reader_.last({}, 0)->next;
    std::string text;
    for (int i = 0; i < 100'000; ++i) text += "line " + std::to_string(i) + "\n";
    write(text + std::string(1 << 20, 'x') + "\nend\n"); // and one that is none of ours
    std::size_t count = 0;
    int pieces = 0;
    for (auto lines = next(); !lines.empty() || pieces < 12; lines = next(), ++pieces)
        count += lines.size();
    EXPECT_GE(count, 100'001U);
    EXPECT_EQ(reader_.last({}, 1)->lines, Strings{"end"});
}

TEST(LogFilter, ShowsByLevelAndById) {
    const std::string info = "2026-01-02T03:04:05.678Z info worker-0[42] smtp_message_accepted "
                             "id=ABC.1 from=a@b";
    const std::string session = "2026-01-02T03:04:05.678Z warning worker-0[42] x session=ABC";
    const struct {
        LogFilter filter;
        const std::string& line;
        bool want;
    } cases[] = {
        {{}, info, true},
        {{.id = {}, .level = log::Level::info}, info, true},
        {{.id = {}, .level = log::Level::warning}, info, false},
        {{.id = {}, .level = log::Level::warning}, session, true},
        {{.id = {}, .level = log::Level::error}, session, false},
        {{.id = "ABC.1"}, info, true},
        {{.id = "ABC.1"}, session, true},
        {{.id = "ABC.10"}, info, false},
        {{.id = "BC.1"}, info, false},
        {{.id = "ABC"}, info, false},
        {{.id = "ABC"}, session, true},
        {{.id = "a@b"}, info, true},
        {{.id = ".1"}, info, false},
    };
    for (std::size_t i = 0; i < std::size(cases); ++i)
        EXPECT_EQ(cases[i].filter.shows(cases[i].line), cases[i].want) << "case " << i;
    EXPECT_FALSE((LogFilter{.id = {}, .level = log::Level::info}.shows("no log line")));
    EXPECT_FALSE((LogFilter{.id = {}, .level = log::Level::info}.shows("")));
}

} // namespace
} // namespace maild::daemon
