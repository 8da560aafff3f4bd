// Whole dialogues from tests/smtp/transcripts: "C: " is said, "S: " must be how the next line of
// the answer begins.
#include "smtp/conversation.hpp"
#include "support/source_dir.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace maild::smtp {
namespace {

// What the session still has to say, line by line.
class Player {
public:
    Player() { answer_ = with_.reply(); }

    void play(const std::string& line) {
        if (line.starts_with("C: "))
            say(line.substr(3));
        else if (line.starts_with("S: "))
            hear(line.substr(3));
        else
            ASSERT_TRUE(line.empty() || line.starts_with('#')) << line;
    }
    const std::string& unheard() const { return answer_; }

private:
    void say(const std::string& text) {
        ASSERT_EQ(answer_, "") << "before: " << text;
        if (with_.session().expects() == Expects::content) {
            content_ += text + "\r\n";
            if (text != ".") return;
            with_.content(content_);
            content_.clear();
        } else if (with_.session().expects() == Expects::chunk) {
            with_.octets(text + "\r\n");
        } else {
            with_.send(text);
        }
        answer_ = with_.reply();
    }
    void hear(const std::string& prefix) {
        ASSERT_TRUE(answer_.starts_with(prefix)) << "got:  " << answer_ << "want: " << prefix;
        answer_.erase(0, answer_.find("\r\n") + 2);
    }

    test::Conversation with_;
    std::string content_;
    std::string answer_;
};

std::vector<std::filesystem::path> transcripts() {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry :
         std::filesystem::directory_iterator(maild::test::source_dir() / "tests/smtp/transcripts"))
        paths.push_back(entry.path());
    std::ranges::sort(paths);
    return paths;
}

class SmtpTranscript : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(SmtpTranscript, GoesAsWritten) {
    std::ifstream file(GetParam());
    Player player;
    for (std::string line; std::getline(file, line);)
        ASSERT_NO_FATAL_FAILURE(player.play(line)) << line;
    EXPECT_EQ(player.unheard(), "");
}

INSTANTIATE_TEST_SUITE_P(Files, SmtpTranscript, testing::ValuesIn(transcripts()),
                         [](const auto& transcript) {
                             auto name = transcript.param.stem().string();
                             std::erase_if(name, [](char c) { return c == '-'; });
                             return name;
                         });

} // namespace
} // namespace maild::smtp
