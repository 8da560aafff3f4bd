// Random commands against a model of a maildrop: what the session says is what a list of messages
// says, whoever else adds or removes mail meanwhile. A failing seed is printed;
// MAILD_POP3_SEED=n runs it alone, MAILD_POP3_SEEDS=n runs n.
#include "pop3/support/peer.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <vector>

namespace maild::pop3::test {
namespace {

constexpr unsigned kSeeds = 200;
constexpr int kCommands = 60;

struct Mail {
    std::uint32_t uid;
    std::string content;
};

class World {
public:
    explicit World(std::uint64_t seed) : random_(seed) {}

    void play() {
        for (int i = 0; i < 4; ++i) receive();
        for (int session = 0; session < 4; ++session) play_session();
    }

private:
    std::uint64_t below(std::uint64_t limit) { return random_.next() % limit; }

    void receive() {
        std::string content = "Subject: " + std::to_string(inbox_.size()) + "\r\n\r\n";
        for (auto lines = below(20); lines > 0; --lines)
            content += std::string(below(3), '.') + std::string(below(200), 'x') + "\r\n";
        if (below(10) == 0) content += std::string(store::kMaxInlineContent, 'y') + "\r\n";
        host_.append({content});
        inbox_.push_back({next_uid_++, content});
    }

    void play_session() {
        Client client(host_);
        const auto greeting = client.log_in();
        ASSERT_TRUE(greeting.starts_with("+OK")) << greeting;
        seen_ = inbox_;
        deleted_.clear();
        for (int i = 0; i < kCommands; ++i) step(client);
        const bool quits = below(3) > 0;
        if (!quits) return check();
        EXPECT_EQ(client.say("QUIT"), "+OK Goodbye\r\n");
        for (const auto at : deleted_)
            std::erase_if(inbox_, [&](const Mail& mail) { return mail.uid == seen_[at].uid; });
        check();
    }

    // What is in INBOX is what the model has, octet for octet.
    void check() {
        auto other = host_.other();
        ASSERT_EQ(other.opened.messages.size(), inbox_.size());
        for (std::size_t i = 0; i < inbox_.size(); ++i)
            EXPECT_EQ(other.opened.messages[i].uid.value, inbox_[i].uid);
    }

    void step(Client& client) {
        const auto number = below(seen_.size() + 2);
        const auto digits = std::to_string(number);
        const bool is_there =
            number > 0 && number <= seen_.size() && !deleted_.contains(number - 1);
        switch (below(9)) {
        case 0: return expect(client, "STAT", "+OK " + count() + " " + octets() + "\r\n");
        case 1: return expect(client, "LIST", "+OK " + count() + " messages\r\n" + list());
        case 2:
            return expect(client, "LIST " + digits,
                          is_there ? "+OK " + digits + " " + size(number) + "\r\n" : none());
        case 3:
            expect(client, "DELE " + digits, is_there ? "+OK Marked as deleted\r\n" : none());
            if (is_there) deleted_.insert(number - 1);
            return;
        case 4:
            if (below(4) > 0) return;
            deleted_.clear();
            return expect(client, "RSET", "+OK Nothing is marked as deleted\r\n");
        case 5: return expect_message(client, "RETR " + digits, number, is_there, {});
        case 6: {
            const auto lines = static_cast<std::uint32_t>(below(25));
            return expect_message(client, "TOP " + digits + " " + std::to_string(lines), number,
                                  is_there, lines);
        }
        case 7: return receive();
        default: return read_on(client);
        }
    }

    // As most clients do: one after the other.
    void read_on(Client& client) {
        for (std::uint64_t number = 1; number <= seen_.size(); ++number)
            expect_message(client, "RETR " + std::to_string(number), number,
                           !deleted_.contains(number - 1), {});
    }

    void expect(Client& client, const std::string& command, const std::string& want) {
        EXPECT_EQ(client.say(command), want) << command;
    }
    void expect_message(Client& client, const std::string& command, std::uint64_t number,
                        bool is_there, std::optional<std::uint32_t> lines) {
        if (!is_there) return expect(client, command, none());
        expect(client, command,
               "+OK " + size(number) + " octets\r\n" + as_sent(seen_[number - 1].content, lines));
    }

    // Written once more, the plain way: line by line.
    static std::string as_sent(std::string_view content, std::optional<std::uint32_t> lines) {
        std::string out;
        bool is_body = false;
        while (!content.empty()) {
            const auto end = content.find("\r\n") + 2;
            const auto line = content.substr(0, end);
            content.remove_prefix(end);
            if (is_body && lines && (*lines)-- == 0) break;
            if (line.starts_with('.')) out += '.';
            out += line;
            is_body = is_body || line == "\r\n";
        }
        return out + ".\r\n";
    }

    static std::string none() { return "-ERR There is no such message\r\n"; }
    std::string size(std::uint64_t number) const {
        return std::to_string(seen_[number - 1].content.size());
    }
    std::string count() const { return std::to_string(seen_.size() - deleted_.size()); }
    std::string octets() const {
        std::size_t sum = 0;
        for (std::size_t i = 0; i < seen_.size(); ++i)
            if (!deleted_.contains(i)) sum += seen_[i].content.size();
        return std::to_string(sum);
    }
    std::string list() const {
        std::string out;
        for (std::size_t i = 0; i < seen_.size(); ++i)
            if (!deleted_.contains(i)) out += std::to_string(i + 1) + " " + size(i + 1) + "\r\n";
        return out + ".\r\n";
    }

    maild::test::SeededRandom random_;
    Host host_;
    std::vector<Mail> inbox_; // now
    std::vector<Mail> seen_;  // at the session's login
    std::set<std::size_t> deleted_;
    std::uint32_t next_uid_ = 1;
};

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(Pop3Model, SessionsAreWhatAListOfMessagesIs) {
    const auto first = number_of("MAILD_POP3_SEED", 1);
    const auto count = std::getenv("MAILD_POP3_SEED") ? 1 : number_of("MAILD_POP3_SEEDS", kSeeds);
    for (auto seed = first; seed < first + count; ++seed) {
        World(seed).play();
        ASSERT_FALSE(testing::Test::HasFailure()) << "MAILD_POP3_SEED=" << seed;
    }
}

} // namespace
} // namespace maild::pop3::test
