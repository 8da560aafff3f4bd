// James's IMAP scripts (conformance/james-mpt), those that need only what is offered: the `C:` side
// goes to real sessions over a MemoryStore; statuses of tagged responses and the lines that carry
// results (SEARCH, EXPUNGE, BYE) are compared. Texts are James's own, and so are its delimiter "."
// and the order of its responses.
#include "imap/support/peer.hpp"
#include "imap/support/response_tree.hpp"
#include "support/conformance.hpp"

#include "maild/base/ascii.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace maild::imap::test {
namespace {

constexpr std::string_view kSuite = "james-mpt";

// Not run, by name and why.
const std::map<std::string, std::string, std::less<>> kSkipped = {
    {"CondstoreDisable", "James without CONDSTORE, which is always offered here"},
    {"XList", "extension not offered: XLIST"},
    {"ListWithSharedMailbox", "James's own namespaces: #user for others, #private for oneself"},
    {"SharedMailbox", "James's own namespaces: #any, #private"},
    {"AuthenticatePlain",
     "a quoted mechanism and a literal as response, which RFC 9051 §9 has not; delegation"},
    {"Id", "commas between fields, which RFC 2971 §4 has not"},
    {"BogusCommand", "James ends after one unknown command"},
    {"JustTag", "James ends after one unknown command"},
    {"ValidAuthenticated", "James says NO to a command in the wrong state; RFC 9051 §7.1.3: BAD"},
    {"ValidSelected", "James says NO to a command in the wrong state; RFC 9051 §7.1.3: BAD"},
    {"MetadataWithLimitation", "James's own limits of 1024 octets and 10 entries"},
    {"CreateErrorWithLongName", "James's own limit of 250 octets a name"},
    {"ListWithPercentWildcardInMailboxName", "names with % and * are refused here (HARDENING 50)"},
    {"Create", "James's own rules for names: \"..\" is BAD, #user reserved, \".\" the delimiter"},
};

// Commands where this server answers otherwise, and is right to: "script: command".
const std::map<std::string, std::string, std::less<>> kDifferent = {
    {"FetchSingleMessage: f16 FETCH 1 (ALL)", "a macro stands alone, RFC 9051 §6.4.5"},
    {"FetchSingleMessage: f17 FETCH 1 (FULL)", "a macro stands alone"},
    {"FetchSingleMessage: f18 FETCH 1 (FAST)", "a macro stands alone"},
    {"FetchStructureComplex: A10 FETCH 1:* ()", "an empty list is no fetch-att"},
    {"FetchSimpleBodyStructure: A7 FETCH 1:* ()", "an empty list is no fetch-att"},
    {"SearchOptionSave: c SEARCH RETURN (SAVE) FLAGGED",
     "nothing is answered to SAVE alone, RFC 5182"},
    {"RenameHierarchy: A18 DELETE alpha", "a superior name whose mailbox is there can be deleted"},
    {"ACLIntegrationCopyWithoutS: a007 FETCH 1:1 (FLAGS)", "\\Seen needs s, RFC 4314 §4"},
    {"ACLIntegrationRightI: a007 FETCH 1:4 (FLAGS)", "\\Seen needs s, RFC 4314 §4"},
    {"ACLIntegrationRightIT: a007 FETCH 1:4 (FLAGS)", "\\Seen needs s, RFC 4314 §4"},
    {"ACLIntegrationRightX: a002 RENAME \"Other Users/boby/test\" test",
     "a mailbox does not go from one account to another"},
    {"ACLIntegrationWithoutRightL: a003 SUBSCRIBE \"Other Users/boby/INBOX\"",
     "SUBSCRIBE does not look whether a mailbox is there, RFC 9051 §6.3.7"},
    {"SearchAtoms: A49 SEARCH BODY thy", "headers of inner parts are text of the body"},
};

struct Step {
    std::size_t session = 1;
    std::string send;
    std::vector<std::string> expected; // regular expressions
};

std::string without_prefix(const std::string& line) {
    return line.size() > 3 ? line.substr(3) : std::string();
}

std::vector<Step> read_steps(const std::filesystem::path& path) {
    std::vector<Step> steps;
    std::size_t session = 1;
    const auto file = maild::test::read_whole(path);
    for (std::size_t begin = 0; begin < file.size();) {
        const auto end = std::min(file.find('\n', begin), file.size());
        const auto line = file.substr(begin, end - begin);
        begin = end + 1;
        if (line.starts_with("SESSION:")) session = std::stoul(line.substr(8));
        if (line.starts_with("C:")) {
            if (steps.empty() || !steps.back().expected.empty() || steps.back().session != session)
                steps.push_back({session, {}, {}});
            steps.back().send += without_prefix(line) + "\r\n";
        }
        if (line.starts_with("S:") && !steps.empty())
            steps.back().expected.push_back(without_prefix(line));
    }
    return steps;
}

// Some literals are announced longer or shorter than they are.
std::string with_true_literal(std::string command) {
    static const std::regex literal(R"(^(\S+ APPEND .*\{)\d+\+\}$)", std::regex::icase);
    const auto line_end = command.find("\r\n");
    const auto rest = command.size() - line_end - 2;
    std::smatch match;
    const auto line = command.substr(0, line_end);
    if (rest < 2 || !std::regex_match(line, match, literal)) return command;
    return match[1].str() + std::to_string(rest - 2) + "+}" + command.substr(line_end);
}

// James takes several spaces where the grammar has one.
std::string with_single_spaces(std::string command) {
    const auto line_end = command.find("\r\n");
    auto line = command.substr(0, line_end);
    for (auto i = line.find("  "); i != std::string::npos; i = line.find("  ")) line.erase(i, 1);
    static const std::regex inside_parentheses(R"((\() | (\)))");
    return std::regex_replace(line, inside_parentheses, "$1$2") + command.substr(line_end);
}

// Names of others' mailboxes, and of one's own where James has them among all users'.
std::string with_our_namespace(std::string command) {
    static const std::vector<std::pair<std::regex, std::string>> names = {
        {std::regex(R"re(LIST "user\." "Boby")re"), R"(LIST "Other Users/" "boby/INBOX")"},
        {std::regex(R"re(LSUB "user\." "Boby")re"), R"(LSUB "Other Users/" "boby/INBOX")"},
        {std::regex(R"(user\.Boby\.test)"), R"("Other Users/boby/test")"},
        {std::regex(R"(user\.Boby)"), R"("Other Users/boby/INBOX")"},
        {std::regex(R"(user\.imapuser\.test)"), "test"},
        {std::regex(R"(user\.imapuser)"), "INBOX"},
        {std::regex(R"(#user\.boby\.(mailbox-\w+)\.evev)"), R"("Other Users/boby/$1/evev")"},
        {std::regex(R"(#user\.boby\.(mailbox-\w+))"), R"("Other Users/boby/$1")"},
    };
    const auto line_end = command.find("\r\n");
    auto line = command.substr(0, line_end);
    for (const auto& [from, to] : names) line = std::regex_replace(line, from, to);
    return line + command.substr(line_end);
}

bool is_shared(std::string_view name) {
    return name.starts_with("ACL") || name.starts_with("Sharing");
}

// "1 \Deleted \Flagged" of a FETCH with FLAGS, \Recent aside; empty: it is none.
std::string fetched_flags(const std::string& response) {
    static const std::regex fetch(R"(\* (\d+) FETCH \(FLAGS \((.*)\)\))");
    std::smatch match;
    if (!std::regex_match(response, match, fetch)) return {};
    std::set<std::string> flags;
    std::istringstream words(match[2].str());
    for (std::string word; words >> word;)
        if (word != "\\Recent") flags.insert(word);
    auto out = match[1].str();
    for (const auto& flag : flags) out += " " + flag;
    return out;
}

// What MYRIGHTS shows of c and d follows from the others (RFC 4314 §2.1.1).
std::string without_virtual_rights(std::string rights) {
    std::erase_if(rights, [](char letter) { return letter == 'c' || letter == 'd'; });
    return rights;
}

std::string unescaped(const std::string& pattern) {
    return std::regex_replace(pattern, std::regex(R"(\\(.))"), "$1");
}

// Names with James's delimiter in commands about mailboxes.
std::string with_our_delimiter(std::string command) {
    static const std::regex about_names(
        R"(^\S+ (CREATE|DELETE|RENAME|SELECT|EXAMINE|STATUS|APPEND|LIST|LSUB|SUBSCRIBE|UNSUBSCRIBE) .*)",
        std::regex::icase);
    const auto line_end = command.find("\r\n");
    const auto line = command.substr(0, line_end);
    if (!std::regex_match(line, about_names)) return command;
    return std::regex_replace(line, std::regex(R"((\w|%|\*|")\.(\w|%|\*))"), "$1/$2") +
           command.substr(line_end);
}

bool carries_result(const std::string& expected) {
    return expected.starts_with(R"(\* SEARCH)") || expected.ends_with("EXPUNGE") ||
           expected.starts_with(R"(\* BYE)");
}

class JamesRun {
public:
    JamesRun(std::string name, maild::test::Score& score) : name_(std::move(name)), score_(score) {}

    void run(std::vector<Step> steps) {
        if (is_shared(name_)) {
            for (auto& step : steps) step.send = with_our_namespace(step.send);
            share(steps);
        }
        for (const auto& step : steps) {
            const auto got = split_responses(
                session(step.session)
                    .send(with_our_delimiter(with_single_spaces(with_true_literal(step.send)))));
            std::string all;
            for (const auto& response : got) all += response + "\n";
            for (const auto& expected : step.expected) compare(step, expected, got, all);
        }
    }

private:
    Client& session(std::size_t number) {
        auto& client = sessions_[number];
        if (client) return *client;
        client = std::make_unique<Client>(host_);
        const bool stays_out = name_ == "Login" || name_ == "LoginThreeStrikes" ||
                               name_ == "Authenticate" || name_ == "AuthenticatePlain" ||
                               name_ == "BogusCommand" || name_ == "JustTag" || name_ == "Welcome";
        client->take();
        if (stays_out) return *client;
        client->log_in();
        if (is_shared(name_)) return *client;
        if (sessions_.size() > 1 || name_.starts_with("Concurrent")) return *client;
        client->say("setup CREATE selected");
        for (int i = 0; i < 4; ++i) client->send(append_command("setup", "selected", kMessage));
        client->say("setup SELECT selected");
        return *client;
    }

    static void fill(Client& client, const std::string& mailbox) {
        for (const auto* flags : {"", "", "(\\Flagged) ", "(\\Deleted) "})
            client.send(append_command("setup", mailbox, kMessage, flags));
    }

    // What James's tests did before their scripts: boby shares with imapuser, with the rights that
    // the script expects first or that the mailbox's name says.
    void share(const std::vector<Step>& steps) {
        auto& user = session(1);
        fill(user, "INBOX");
        for (const auto* other : {"benwa", "boby"}) Client(host_).log_in(other);
        Client owner(host_);
        owner.log_in("boby");
        owner.say("setup CREATE test");
        for (const auto* rights :
             {"l", "lr", "lrs", "lrw", "lri", "lrx", "lrk", "lrt", "lrte", "lra"}) {
            const auto mailbox = std::string("mailbox-") + rights;
            owner.say("setup CREATE " + mailbox);
            owner.say("setup SETACL " + mailbox + " imapuser " + rights);
            for (int i = 0; i < 10; ++i) owner.send(append_command("setup", mailbox, kMessage));
        }
        static const std::regex expected(R"(\\\* MYRIGHTS user\.Boby(\.test)? (\w+))");
        for (const auto& step : steps) {
            std::smatch match;
            const bool selects = step.send.contains("SELECT \"Other Users/boby/INBOX\"");
            for (const auto& line : step.expected) {
                if (std::regex_match(line, match, expected))
                    owner.say("setup SETACL " + (match[1].matched ? std::string("test") : "INBOX") +
                              " imapuser " + without_virtual_rights(match[2].str()));
                if (selects && line == R"(\* 4 EXISTS)") fill(owner, "INBOX");
            }
        }
    }

    void compare(const Step& step, const std::string& expected, const std::vector<std::string>& got,
                 const std::string& all) {
        static const std::regex tagged(R"(^([A-Za-z0-9]+) \(?(OK|NO|BAD).*)");
        std::smatch match;
        const auto command = step.send.substr(0, step.send.find("\r\n"));
        const auto what = name_ + ": " + command + "\nwant: " + expected + "\ngot:\n" + all;
        if (is_shared(name_) && command.contains(" LOGIN ")) return; // it has, before the others
        if (kDifferent.contains(name_ + ": " + command)) return;
        if (std::regex_match(expected, match, tagged)) {
            const auto want = match[1].str() + " " + match[2].str();
            score_.add(std::ranges::any_of(
                           got, [&](const auto& response) { return response.starts_with(want); }),
                       what);
        } else if (is_shared(name_) && !fetched_flags(unescaped(expected)).empty()) {
            const auto want = fetched_flags(unescaped(expected));
            score_.add(
                std::ranges::any_of(
                    got, [&](const auto& response) { return fetched_flags(response) == want; }),
                what);
        } else if (carries_result(expected)) {
            auto pattern = expected;
            if (expected.starts_with(R"(\* BYE)")) pattern = R"(\* BYE.*)";
            while (pattern.ends_with(' ')) pattern.pop_back();
            const std::regex wanted(pattern);
            score_.add(
                std::ranges::any_of(
                    got, [&](const auto& response) { return std::regex_match(response, wanted); }),
                what);
        }
    }

    static constexpr std::string_view kMessage =
        "Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)\r\n"
        "From: Fred Foobar <foobar@Blurdybloop.COM>\r\nSubject: Test 01\r\n"
        "To: mooch@owatagu.siam.edu\r\n"
        "Message-Id: <B27397-0100000@Blurdybloop.COM>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\nTest 01\r\n";
    std::string name_;
    maild::test::Score& score_;
    Host host_;
    std::map<std::size_t, std::unique_ptr<Client>> sessions_;
};

TEST(James, Passes) {
    MAILD_NEEDS_SUITE(kSuite);
    maild::test::Score score("james-mpt imap");
    for (const auto& path :
         maild::test::files_of(maild::test::conformance_suite(kSuite) / "imap", {".test"})) {
        const auto name = path.stem().string();
        if (const auto skipped = kSkipped.find(name); skipped != kSkipped.end()) {
            std::printf("[  SUITE   ] not run: %s (%s)\n", name.c_str(), skipped->second.c_str());
            continue;
        }
        JamesRun run(name, score);
        run.run(read_steps(path));
    }
}

} // namespace
} // namespace maild::imap::test
