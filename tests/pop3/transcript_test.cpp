// Runs transcripts/*.txt: `C:` lines go to the server, `S:` lines are what it says, in order and
// completely; an `S:` line that ends in "..." may go on in any way. `C2:` and `S2:` are a second
// client. `M:` is a message in ada's INBOX, with \n for CRLF. "#" is a comment.
#include "pop3/support/peer.hpp"
#include "support/source_dir.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>

namespace maild::pop3::test {
namespace {

std::vector<std::filesystem::path> transcripts() {
    std::vector<std::filesystem::path> out;
    for (const auto& entry :
         std::filesystem::directory_iterator(maild::test::source_dir() / "tests/pop3/transcripts"))
        if (entry.path().extension() == ".txt") out.push_back(entry.path());
    std::ranges::sort(out);
    return out;
}

bool line_matches(std::string_view want, std::string_view got) {
    if (!want.ends_with("...")) return want == got;
    return got.starts_with(want.substr(0, want.size() - 3));
}

std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i).starts_with("\\n")) {
            out += "\r\n";
            ++i;
        } else
            out += text[i];
    }
    return out;
}

struct Side {
    explicit Side(Host& host) : client(host) { take(Session::greeting().text); }

    void take(std::string text) {
        for (auto end = text.find("\r\n"); end != std::string::npos; end = text.find("\r\n")) {
            said.push_back(text.substr(0, end));
            text.erase(0, end + 2);
        }
        EXPECT_EQ(text, "") << "no CRLF at the end";
    }
    Client client;
    std::deque<std::string> said;
};

class Transcript : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Transcript, IsWhatTheServerSays) {
    Host host;
    std::map<char, std::unique_ptr<Side>> sides;
    std::ifstream file(GetParam());
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        if (line.empty() || line.starts_with('#')) continue;
        const auto colon = line.find(':');
        ASSERT_NE(colon, std::string::npos) << number << ": " << line;
        const auto text = colon + 2 <= line.size() ? line.substr(colon + 2) : std::string();
        if (line.front() == 'M') {
            host.append({unescaped(text)});
            continue;
        }
        auto& side = sides[colon == 2 ? line[1] : '1'];
        if (!side) side = std::make_unique<Side>(host);
        if (line.front() == 'C') {
            EXPECT_TRUE(side->said.empty()) << number << ": not expected: " << side->said.front();
            side->said.clear();
            side->take(side->client.say(text));
            continue;
        }
        const auto got = side->said.empty() ? "(nothing)" : side->said.front();
        EXPECT_TRUE(line_matches(text, got)) << number << "\nwant: " << text << "\ngot:  " << got;
        if (!side->said.empty()) side->said.pop_front();
    }
    for (const auto& [name, side] : sides)
        for (const auto& said : side->said) ADD_FAILURE() << "not expected: " << said;
}

INSTANTIATE_TEST_SUITE_P(Pop3, Transcript, testing::ValuesIn(transcripts()), [](const auto& param) {
    auto name = param.param.stem().string();
    std::ranges::replace(name, '-', '_');
    return name;
});

} // namespace
} // namespace maild::pop3::test
