#include "imap/sort_key.hpp"
#include "imap/threads.hpp"
#include "support/linear.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace maild::imap {
namespace {

using Headers = std::vector<std::string>;

std::string text_of(const Threads& threads, std::size_t count) {
    std::vector<std::uint32_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 1);
    std::string out;
    for (const auto root : threads.roots) append_thread(out, threads, root, numbers);
    return out;
}

std::vector<ThreadedMessage> read(const Headers& headers) {
    std::vector<ThreadedMessage> messages;
    for (const auto& text : headers) {
        auto& message = messages.emplace_back();
        const auto content = text + "\r\n";
        const auto header = mail::parse_header(content);
        message.seq = static_cast<std::uint32_t>(messages.size());
        message.sent = sent_date(header, WallTime(std::chrono::seconds(message.seq)));
        read_thread_fields(header, message);
    }
    return messages;
}

std::string by_references(const Headers& headers) {
    return text_of(thread_by_references(read(headers)), headers.size());
}

std::string by_subject(const Headers& headers) {
    return text_of(thread_by_subject(read(headers)), headers.size());
}

// "i" is the id, behind it the references.
std::string message(std::string_view id, std::string_view references = "",
                    std::string_view subject = "") {
    std::string out;
    if (!id.empty()) out.append("Message-ID: <").append(id).append("@x>\r\n");
    if (!references.empty()) out += "References:";
    for (const char c : references) out.append(" <").append(1, c).append("@x>");
    if (!references.empty()) out += "\r\n";
    if (!subject.empty()) out.append("Subject: ").append(subject).append("\r\n");
    return out;
}

TEST(ThreadBySubject, HasNoGrandchildren) {
    EXPECT_EQ(by_subject({}), "");
    EXPECT_EQ(by_subject({"Subject: a\r\n", "Subject: b\r\n", "Subject: re: A\r\n",
                          "Subject: [x] b\r\n", "Subject: a (fwd)\r\n", "Subject: c\r\n"}),
              "(1 (3)(5))(2 4)(6)");
}

TEST(ThreadBySubject, OrdersThreadsByTheirFirstMessage) {
    const std::string day = "Date: Fri, 22 Feb 2008 22:00:";
    EXPECT_EQ(by_subject({day + "10 +0200\r\nSubject: a\r\n", day + "09 +0200\r\nSubject: b\r\n",
                          day + "08 +0200\r\nSubject: a\r\n", day + "07 +0200\r\nSubject: b\r\n"}),
              "(4 2)(3 1)");
}

TEST(ThreadByReferences, LinksRepliesToWhatTheyAnswer) {
    const struct {
        const char* what;
        Headers messages;
        const char* want;
    } cases[] = {
        {"none", {}, ""},
        {"strangers", {message("a"), message("b")}, "(1)(2)"},
        {"a chain", {message("a"), message("b", "a"), message("c", "ab")}, "(1 2 3)"},
        {"two replies", {message("a"), message("b", "a"), message("c", "a")}, "(1 (2)(3))"},
        {"the parent comes later", {message("b", "a"), message("a")}, "(2 1)"},
        {"a truncated list", {message("a"), message("b", "a"), message("c", "b")}, "(1 2 3)"},
        {"a missing parent of one", {message("b", "a")}, "(1)"},
        {"a missing parent of two", {message("b", "a"), message("c", "a")}, "((1)(2))"},
        {"a missing one between", {message("a"), message("c", "ab")}, "(1 2)"},
        {"missing ones above a missing one", {message("d", "abc"), message("e", "ab")}, "((1)(2))"},
        {"one answers itself", {message("a", "a")}, "(1)"},
        {"a circle", {message("a", "b"), message("b", "a")}, "(2 1)"},
        {"a larger circle", {message("a", "c"), message("b", "a"), message("c", "b")}, "(3 1 2)"},
        {"an id twice", {message("a"), message("a"), message("b", "a")}, "(1 3)(2)"},
        {"no ids", {message("", "a"), message("", "a"), message("a")}, "(3 (1)(2))"},
        {"ids in other words", {"Message-ID: <\"a\"@x>\r\n", message("b", "a")}, "(1 2)"},
        {"In-Reply-To alone",
         {message("a"), message("b") + "In-Reply-To: <a@x> from <c@x>\r\n"},
         "(1 2)"},
        {"References before it",
         {message("a"), message("b"), message("c", "b") + "In-Reply-To: <a@x>\r\n"},
         "(1)(2 3)"},
        {"References without an id",
         {message("a"), message("b") + "References: none\r\nIn-Reply-To: <a@x>\r\n"},
         "(1 2)"},
    };
    for (const auto& test : cases) EXPECT_EQ(by_references(test.messages), test.want) << test.what;
}

TEST(ThreadByReferences, GathersSubjects) {
    const struct {
        const char* what;
        Headers messages;
        const char* want;
    } cases[] = {
        {"a reply without references", {message("a", "", "x"), message("b", "", "re: x")}, "(1 2)"},
        {"the reply first", {message("a", "", "re: x"), message("b", "", "x")}, "(2 1)"},
        {"two of one name", {message("a", "", "x"), message("b", "", "x")}, "((1)(2))"},
        {"two replies", {message("a", "", "re: x"), message("b", "", "re: x")}, "((1)(2))"},
        {"three of one name",
         {message("a", "", "x"), message("b", "", "x"), message("c", "", "X")},
         "((1)(2)(3))"},
        {"names without text", {message("a", "", "re:"), message("b", "", "re:")}, "(1)(2)"},
        {"both without parents",
         {message("b", "a", "x"), message("c", "a", "y"), message("e", "d", "x"),
          message("f", "d", "z")},
         "((1)(2)(3)(4))"},
        {"below one without parent",
         {message("b", "a", "x"), message("c", "a", "y"), message("d", "", "x")},
         "((1)(2)(3))"},
        {"a thread below a message",
         {message("a", "", "x"), message("b", "", "re: x"), message("c", "b", "re: x")},
         "(1 2 3)"},
    };
    for (const auto& test : cases) EXPECT_EQ(by_references(test.messages), test.want) << test.what;
}

// RFC 5256 §3 step 6: by the sent date, whatever the order in the mailbox.
TEST(ThreadByReferences, SortsSiblingsByDate) {
    const auto at = [](int second) {
        return "Date: Fri, 22 Feb 2008 22:00:0" + std::to_string(second) + " +0000\r\n";
    };
    EXPECT_EQ(by_references({message("a") + at(9), message("b", "a") + at(3),
                             message("c", "a") + at(2), message("d") + at(1)}),
              "(4)(1 (3)(2))");
    EXPECT_EQ(
        by_references({message("b", "a") + at(3), message("c", "a") + at(1), message("d") + at(2)}),
        "((2)(1))(3)");
}

// Whatever they say of each other: each message stands there once.
TEST(ThreadByReferences, LosesAndRepeatsNothing) {
    std::mt19937 random(1); // NOLINT(cert-msc51-cpp): the same each time
    for (int round = 0; round < 2'000; ++round) {
        Headers headers;
        const auto count = random() % 12;
        for (unsigned i = 0; i < count; ++i) {
            std::string references;
            for (auto left = random() % 5; left > 0; --left)
                references += static_cast<char>('a' + random() % 10);
            const std::string id(1, static_cast<char>('a' + random() % 10));
            const char* subject = random() % 3 == 0 ? "x" : random() % 2 == 0 ? "re: x" : "";
            headers.push_back(message(random() % 5 == 0 ? "" : id, references, subject));
        }
        const auto threads = thread_by_references(read(headers));
        std::multiset<std::uint32_t> seen;
        auto todo = threads.roots;
        while (!todo.empty()) {
            const auto& node = threads.nodes[todo.back()];
            todo.pop_back();
            if (node.seq != 0)
                seen.insert(node.seq);
            else
                EXPECT_GE(node.children.size(), 2U);
            todo.insert(todo.end(), node.children.begin(), node.children.end());
        }
        EXPECT_EQ(seen.size(), count);
        EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), count);
    }
}

std::string chain_of(std::size_t count, bool is_backwards) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
        const auto number = is_backwards ? count - i : i;
        out += "Message-ID: <" + std::to_string(number) + "@x>\r\nReferences: <" +
               std::to_string(number - 1) + "@x>\r\n\r\n";
    }
    return out;
}

// Each names first its true parent and then the end of the chain: a loop that is looked for each
// time.
std::string loops_of(std::size_t count) {
    std::string out = chain_of(count, false);
    for (std::size_t i = 0; i < count; ++i)
        out += "Message-ID: <l" + std::to_string(i) + "@x>\r\nReferences: <" +
               std::to_string(count - 1) + "@x> <0@x>\r\n\r\n";
    return out;
}

void thread(const std::string& headers) {
    Headers list;
    for (std::size_t begin = 0; begin < headers.size();) {
        const auto end = headers.find("\r\n\r\n", begin);
        list.push_back(headers.substr(begin, end + 2 - begin));
        begin = end + 4;
    }
    EXPECT_FALSE(by_references(list).empty());
}

TEST(ThreadByReferences, TakesLinearTime) {
    const test::Shape shapes[] = {
        {"a chain", 4'000, [](std::size_t n) { return chain_of(n, false); }, thread},
        {"a chain backwards", 4'000, [](std::size_t n) { return chain_of(n, true); }, thread},
        {"loops", 4'000, loops_of, thread},
    };
    for (const auto& shape : shapes)
        EXPECT_LT(test::growth_of(shape), test::kMostGrowth) << shape.name;
}

} // namespace
} // namespace maild::imap
