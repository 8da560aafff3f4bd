// Runs transcripts/*.txt: `C:` lines go to the server, `S:` lines are what it says, in order and
// completely; an `S:` line that ends in "..." may go on in any way. `C2:` and `S2:` are a second
// client. A line of `=` names begins with "==" and resets nothing; "#" is a comment. All clients
// are logged in as one user, except in files whose first line is "@nonauth".
#include "imap/support/peer.hpp"
#include "support/source_dir.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>

namespace maild::imap::test {
namespace {

std::vector<std::filesystem::path> transcripts() {
    std::vector<std::filesystem::path> out;
    for (const auto& entry :
         std::filesystem::directory_iterator(maild::test::source_dir() / "tests/imap/transcripts"))
        if (entry.path().extension() == ".txt") out.push_back(entry.path());
    std::ranges::sort(out);
    return out;
}

bool line_matches(std::string_view want, std::string_view got) {
    if (!want.ends_with("...")) return want == got;
    return got.starts_with(want.substr(0, want.size() - 3));
}

struct Side {
    std::unique_ptr<Client> client;
    std::string to_send;
    std::deque<std::string> said;

    void exchange() {
        auto text = std::exchange(to_send, {});
        text = text.empty() ? client->take() : client->send(text);
        for (std::size_t end = text.find("\r\n"); end != std::string::npos;
             end = text.find("\r\n")) {
            said.push_back(text.substr(0, end));
            text.erase(0, end + 2);
        }
        EXPECT_EQ(text, "") << "no CRLF at the end";
    }
};

// Each runs with mailboxes that are read when they are opened, and with such that are read later.
class Transcript : public testing::TestWithParam<std::tuple<std::filesystem::path, bool>> {};

TEST_P(Transcript, IsWhatTheServerSays) {
    const auto& [path, reads_later] = GetParam();
    Host host;
    if (reads_later) host.server->limits.states_at_select = 0;
    std::map<char, Side> sides;
    std::ifstream file(path);
    std::string line;
    bool log_in = true;
    for (int number = 1; std::getline(file, line); ++number) {
        if (line == "@nonauth") log_in = false;
        if (line.empty() || line.starts_with('#') || line.starts_with('@')) continue;
        const auto colon = line.find(':');
        ASSERT_NE(colon, std::string::npos) << number << ": " << line;
        auto& side = sides[colon == 2 ? line[1] : '1'];
        if (!side.client) {
            side.client = std::make_unique<Client>(host);
            if (log_in) side.client->log_in();
        }
        const auto text = colon + 2 <= line.size() ? line.substr(colon + 2) : std::string();
        if (line.front() == 'C') {
            EXPECT_TRUE(side.said.empty()) << number << ": not expected: " << side.said.front();
            side.said.clear();
            side.to_send += text + "\r\n";
            continue;
        }
        if (side.said.empty()) side.exchange();
        const auto got = side.said.empty() ? "(nothing)" : side.said.front();
        EXPECT_TRUE(line_matches(text, got)) << number << "\nwant: " << text << "\ngot:  " << got;
        if (!side.said.empty()) side.said.pop_front();
    }
    for (auto& [name, side] : sides) {
        side.exchange();
        for (const auto& said : side.said) ADD_FAILURE() << "not expected: " << said;
    }
}

INSTANTIATE_TEST_SUITE_P(Imap, Transcript,
                         testing::Combine(testing::ValuesIn(transcripts()), testing::Bool()),
                         [](const auto& param) {
                             auto name = std::get<0>(param.param).stem().string();
                             std::ranges::replace(name, '-', '_');
                             return name + (std::get<1>(param.param) ? "_read_later" : "");
                         });

} // namespace
} // namespace maild::imap::test
