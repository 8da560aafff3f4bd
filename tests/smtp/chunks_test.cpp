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

// §2: they may be in the pipeline already, and have to be accepted and discarded.
TEST(SmtpChunks, DiscardsAnyNumberBehindOneThatFailed) {
    Conversation large(Service::relay_in, [](Server& server) { server.limits.message_size = 900; });
    until_chunk(large);
    large.chunk(std::string(901, 'x')).expect("552 5.3.4");
    for (int i = 0; i < 50; ++i) large.chunk("RSET\r\n").expect("503 5.5.1");
    large.chunk("RSET\r\n", " LAST").expect("503 5.5.1");
    large.send("RSET").expect("250");
    until_chunk(large);
    large.chunk("a: b\r\n", " LAST").expect("250");

    Conversation nobody; // all recipients refused, and the chunks sent behind them
    nobody.hello().send("MAIL FROM:<eve@remote.example>").expect("250");
    nobody.send("RCPT TO:<nobody@example.org>").expect("550");
    for (int i = 0; i < 50; ++i) nobody.chunk("RSET\r\n").expect("503 5.5.1");
    EXPECT_EQ(nobody.delay().count(), 0);

    Conversation sender; // MAIL refused
    sender.backend().sender_error = Errc::not_permitted;
    sender.hello().send("MAIL FROM:<eve@remote.example>").expect("553");
    for (int i = 0; i < 150; ++i) sender.chunk("RSET\r\n").expect("503 5.5.1");
    sender.backend().sender_error.reset();
    until_chunk(sender);
    sender.chunk("a: b\r\n", " LAST").expect("250");

    Conversation lost; // without MAIL: one mistake
    lost.hello();
    for (int i = 0; i < 50; ++i) lost.chunk("RSET\r\n").expect("503 5.5.1");
    until_chunk(lost);
    lost.chunk("a: b\r\n", " LAST").expect("250");
}

TEST(SmtpChunks, LimitsTheNumberOfSmallOnesAlone) {
    const auto few = [](Server& server) { server.limits.chunks = 5; };
    Conversation large(Service::relay_in, few);
    until_chunk(large);
    for (int i = 0; i < 50; ++i) large.chunk(std::string(4'095, 'x') + 'x').expect("250");
    large.chunk("", " LAST").expect("250 2.0.0 Ok: ");

    Conversation small(Service::relay_in, few);
    until_chunk(small);
    for (int i = 0; i < 6; ++i) small.chunk(std::string(1'000, 'x')).expect("250");
    small.chunk(std::string(1'000, 'x')).expect("421 4.7.0 Too many chunks");

    Conversation failed(Service::relay_in, few); // also of those that are discarded
    failed.hello();
    for (int i = 0; i < 5; ++i) failed.chunk("x").expect("503 5.5.1");
    failed.chunk("x").expect("421 4.7.0 Too many chunks");
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
