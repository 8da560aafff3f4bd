// BDAT (RFC 3030 §2) that was refused, and how many chunks a message may have.
#include "smtp/conversation.hpp"

#include <string>

namespace maild::smtp {
namespace {

using test::Conversation;

void until_chunk(Conversation& with) {
    with.hello();
    with.send("MAIL FROM:<eve@remote.example>").expect("250");
    with.send("RCPT TO:<ada@example.org>").expect("250");
}

TEST(SmtpChunks, CountsEmptyOnesAsIdle) {
    Conversation with(Service::relay_in, [](Server& server) { server.limits.idle_commands = 3; });
    until_chunk(with);
    with.chunk("").expect("250");
    with.chunk("").expect("250");
    with.chunk("").expect("421 4.7.0");
    EXPECT_TRUE(with.is_over());
    EXPECT_EQ(with.host().budget.used(), 0U);
}

TEST(SmtpChunks, ReportsWhatIsRefusedBeforeTheLast) {
    Conversation with(Service::relay_in, [](Server& server) { server.limits.message_size = 10; });
    until_chunk(with);
    with.send("RCPT TO:<bob@example.org>").expect("250");
    with.chunk("a: b\r\n").expect("250");
    EXPECT_EQ(with.report().id, "");
    with.chunk("c: d\r\n").expect("552 5.3.4");
    EXPECT_EQ(with.report().id, "0S.1");
    EXPECT_EQ(with.report().reverse_path, "eve@remote.example");
    EXPECT_EQ(with.report().size, 12U);
    EXPECT_EQ(with.report().recipients, 2U);
    EXPECT_EQ(with.report().refused, 2U);
    EXPECT_EQ(with.report().reason, "552 5.3.4 Message too large");
    with.chunk("", " LAST").expect("503 5.5.1");
    EXPECT_EQ(with.report().id, "") << "once";
}

// A chunk stands behind the line, whatever is wrong with it: HARDENING 17.
TEST(SmtpChunks, ClosesOnLinesThatAreRefusedUnparsed) {
    using namespace std::string_view_literals;
    for (const auto line :
         {"BDAT 5\0"sv, "bdat 5\rLAST"sv, "BDAT 5\nLAST"sv, "BDAT\t5"sv, "bDaT\t5"sv, "BDATA"sv}) {
        Conversation with;
        until_chunk(with);
        with.send(line, true).expect("501 5.5.4");
        EXPECT_TRUE(with.is_over()) << line;
    }
    for (const bool is_cut : {false, true}) {
        Conversation with;
        until_chunk(with);
        const auto text = "BDAT 5" + std::string(3'000, ' ');
        auto line = test::line_of(text);
        line.too_long = is_cut;
        with.send(line, true).expect("501 5.5.4");
        EXPECT_TRUE(with.is_over());
    }
}

} // namespace
} // namespace maild::smtp
