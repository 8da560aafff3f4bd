// The scripts of imaptest that need no extension which is not offered, against real sessions over a
// MemoryStore.
#include "imap/support/imaptest_script.hpp"
#include "imap/support/peer.hpp"
#include "imap/support/response_tree.hpp"
#include "support/source_dir.hpp"

#include "maild/base/ascii.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

namespace maild::imap::test {
namespace {

const std::string kSuite = maild::test::source_dir() / "../shared/conformance/imaptest-scripts/";

// Known and wanted differences, by name.
const std::map<std::string, std::string> kSkipped = {
    {"id", "30 KiB before the login; a command there has at most 8 KiB (HARDENING)"},
};

std::vector<std::string> scripts() {
    std::vector<std::string> out;
    if (!std::filesystem::exists(kSuite)) return {"absent"};
    for (const auto& entry : std::filesystem::directory_iterator(kSuite)) {
        const auto name = entry.path().filename().string();
        if (!name.contains('.') && name != "SOURCE" && name != "COPYING") out.push_back(name);
    }
    std::ranges::sort(out);
    return out;
}

// Runs one script.
class ScriptRun {
public:
    ScriptRun(const std::string& name, const Script& script) : script_(script) {
        auto mbox = kSuite + name + ".mbox";
        if (!std::filesystem::exists(mbox)) mbox = kSuite + "default.mbox";
        messages_ = read_mbox(mbox);
        variables_ = {{"mailbox", "imaptest"}, {"mailbox_url", "imaptest"},
                      {"user", "user@domain"}, {"username", "user"},
                      {"domain", "domain"},    {"password", "password"}};
    }

    std::string missing_capability() {
        Client client(host_);
        auto offered = client.take() + client.log_in();
        for (char& c : offered)
            if (c == ']' || c == '\r') c = ' ';
        std::string wanted = header("capabilities", "") + " ";
        for (auto end = wanted.find(' '); end != std::string::npos && !wanted.empty();
             end = wanted.find(' ')) {
            const auto capability = wanted.substr(0, end);
            wanted.erase(0, end + 1);
            if (!capability.empty() && !ascii::to_lower(offered).contains(" " + capability + " "))
                return capability;
        }
        return {};
    }

    void prepare() {
        const auto state = header("state", "selected");
        const auto count = std::stoul(header("connections", "1"));
        for (std::size_t i = 0; i < count; ++i) {
            clients_.push_back(std::make_unique<Client>(host_));
            clients_.back()->take();
            if (state != "nonauth") clients_.back()->log_in();
        }
        if (state == "nonauth" || state == "auth") return;
        auto& first = *clients_.front();
        first.say("p1 CREATE imaptest");
        if (state == "created") return;
        const auto wanted = header("messages", "all");
        const auto total = wanted == "all" ? messages_.size() : std::stoul(wanted);
        for (std::size_t i = 0; i < total; ++i) first.send(append("p2", "imaptest", ""));
        if (state == "appended") return;
        for (auto& client : clients_) client->say("p3 SELECT imaptest");
    }

    void run() {
        for (const auto& group : script_.groups) run_group(group);
    }

private:
    std::string header(std::string_view name, std::string fallback) const {
        const auto found = script_.header.find(name);
        return found == script_.header.end() ? fallback : found->second;
    }

    std::string append(std::string_view tag, std::string_view mailbox, std::string_view flags) {
        const auto& message = messages_[next_message_++ % messages_.size()];
        const auto options = std::string(flags) + (flags.empty() ? "" : " ") + message.date +
                             (message.date.empty() ? "" : " ");
        return append_command(tag, mailbox, message.text, options);
    }

    // {{{ LF … LF }}} as a literal, variables by their values.
    std::string to_wire(const ScriptCommand& command, const std::string& tag) {
        std::string text;
        EXPECT_TRUE(substitute(command.text, variables_, text))
            << command.line << ": " << command.text;
        const bool is_short = !text.contains('{') && !text.contains(" catenate (");
        if (ascii::starts_with_icase(text, "append") && is_short) {
            const auto words = parse_response(text);
            const auto mailbox = words.size() > 1 ? words[1].text : std::string("imaptest");
            const auto flags = text.find('(');
            return append(tag, mailbox, flags == std::string::npos ? "" : text.substr(flags));
        }
        for (auto block = text.find("{{{\n"); block != std::string::npos;
             block = text.find("{{{\n", block)) {
            const auto end = text.find("\n}}}", block);
            const bool is_raw = block > 0 && text[block - 1] == '~';
            std::string literal;
            for (const char c : text.substr(block + 4, end - block - 4))
                literal.append(c == '\n' && !is_raw ? "\r\n" : std::string(1, c));
            literal = "{" + std::to_string(literal.size()) + "+}\r\n" + literal;
            text.replace(block, end + 4 - block, literal);
            block += literal.size();
        }
        return tag + " " + text + "\r\n";
    }

    void run_group(const std::vector<ScriptCommand>& group) {
        auto& client = *clients_.at(group.front().connection - 1);
        std::string octets;
        std::vector<std::string> tags;
        for (const auto& command : group) {
            tags.push_back("t" + std::to_string(++next_tag_));
            octets += to_wire(command, tags.back());
        }
        const auto responses = split_responses(client.send(octets));
        for (std::size_t i = 0; i < group.size(); ++i) {
            expect_tagged(group[i], tags[i], responses);
            variables_["tag"] = tags[i];
            for (const auto& reply : group[i].replies)
                expect_reply(group[i].line, reply, responses);
        }
    }

    void expect_tagged(const ScriptCommand& command, const std::string& tag,
                       const std::vector<std::string>& responses) {
        const auto found = std::ranges::find_if(responses, [&](const std::string& response) {
            return response.starts_with(tag + " ");
        });
        ASSERT_NE(found, responses.end())
            << command.line << ": no tagged response to " << command.text;
        if (command.want.empty()) return;
        const auto want = command.want + (command.prefix.empty() ? "" : " " + command.prefix);
        EXPECT_TRUE(ascii::starts_with_icase(found->substr(tag.size() + 1), want))
            << command.line << ": " << command.text << "\nwant: " << want << "\ngot:  " << *found;
    }

    // "$1" is where message 1 of the command's beginning stands when the response comes.
    void expect_reply(int line, const std::string& reply,
                      const std::vector<std::string>& responses) {
        const bool is_code = ascii::starts_with_icase(reply, "* ok [");
        const auto want = parse_response(is_code ? code_of(reply) : reply.substr(2));
        const bool is_banned = reply.starts_with('!');
        std::vector<std::uint32_t> seqs(50);
        std::iota(seqs.begin(), seqs.end(), 0U);
        bool found = false;
        for (const auto& response : responses) {
            if (!response.starts_with("* ")) continue;
            const auto got = parse_response(is_code ? code_of(response) : response.substr(2));
            for (std::size_t i = 1; i < seqs.size(); ++i)
                variables_[std::to_string(i)] = std::to_string(seqs[i]);
            found = found || matches(want, got, variables_) || is_status_prefix(reply, response);
            if (got.size() < 2 || got[1].text != "EXPUNGE") continue;
            const auto gone = std::stoul(got[0].text);
            for (auto& seq : seqs)
                if (seq > gone) --seq;
        }
        std::string all;
        for (const auto& response : responses) all += response + "\n";
        EXPECT_EQ(found, !is_banned) << line << ": " << reply << "\ngot:\n" << all;
    }

    // "* OK [NAME value] text" as "OK NAME value": the text is the server's own.
    static std::string code_of(const std::string& response) {
        auto out = response.substr(2, response.find(']') - 2);
        if (const auto bracket = out.find('['); bracket != std::string::npos) out.erase(bracket, 1);
        return out;
    }

    static bool is_status_prefix(const std::string& want, const std::string& got) {
        return (ascii::starts_with_icase(want, "* ok") || ascii::starts_with_icase(want, "* bye") ||
                ascii::starts_with_icase(want, "! bye")) &&
               ascii::starts_with_icase(got.substr(2), want.substr(2));
    }

    Host host_;
    const Script& script_;
    std::vector<MboxMessage> messages_;
    std::vector<std::unique_ptr<Client>> clients_;
    Variables variables_;
    std::size_t next_message_ = 0;
    int next_tag_ = 0;
};

class ImaptestScript : public testing::TestWithParam<std::string> {};

TEST_P(ImaptestScript, Passes) {
    if (GetParam() == "absent") GTEST_SKIP() << "the suite imaptest-scripts is not here";
    if (const auto skipped = kSkipped.find(GetParam()); skipped != kSkipped.end())
        GTEST_SKIP() << skipped->second;
    const auto script = read_script(kSuite + GetParam());
    ScriptRun script_run(GetParam(), script);
    if (const auto missing = script_run.missing_capability(); !missing.empty())
        GTEST_SKIP() << "extension not offered: " << missing;
    ASSERT_FALSE(script.groups.empty());
    script_run.prepare();
    script_run.run();
}

INSTANTIATE_TEST_SUITE_P(Imap, ImaptestScript, testing::ValuesIn(scripts()), [](const auto& param) {
    auto name = param.param;
    std::ranges::replace(name, '-', '_');
    return name;
});

} // namespace
} // namespace maild::imap::test
