// What a worker does for each command: parse, tell flags, describe a message.
#include "imap/mailbox_view.hpp"
#include "imap/parse.hpp"

#include "maild/imap/structure.hpp"

#include <benchmark/benchmark.h>

namespace maild::imap {
namespace {

void parse_fetch_command(benchmark::State& state) {
    constexpr std::string_view kCommand =
        "a123 UID FETCH 1:500,700:* (UID FLAGS INTERNALDATE RFC822.SIZE "
        "BODY.PEEK[HEADER.FIELDS (DATE FROM SUBJECT)])";
    for (auto _ : state) benchmark::DoNotOptimize(parse_command(kCommand));
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kCommand.size()));
}
BENCHMARK(parse_fetch_command);

void format_flags_of_10000(benchmark::State& state) {
    store::OpenedMailbox opened;
    opened.keywords = {"$Forwarded", "NonJunk"};
    for (std::uint32_t uid = 1; uid <= 10'000; ++uid)
        opened.messages.push_back({Uid(uid), store::Flags{uid % 128}, ModSeq(uid)});
    const MailboxView view(std::move(opened), false, {});
    std::string out;
    for (auto _ : state) {
        out.clear();
        for (std::uint32_t seq = 1; seq <= view.exists(); ++seq)
            view.append_fetch_flags(out, seq, true);
        benchmark::DoNotOptimize(out);
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * view.exists()));
}
BENCHMARK(format_flags_of_10000);

void make_structure_of_4k(benchmark::State& state) {
    std::string content =
        "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\nFrom: Terry Gray "
        "<gray@cac.washington.edu>\r\n"
        "Subject: IMAP4rev2 WG mtg summary and minutes\r\nTo: imap@cac.washington.edu\r\n"
        "Message-Id: <B27397-0100000@cac.washington.ed>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative; boundary=\"sep\"\r\n\r\n--sep\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n";
    while (content.size() < 4000) content += "The quick brown fox jumps over the lazy dog.\r\n";
    content += "--sep\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n--sep--\r\n";
    for (auto _ : state) benchmark::DoNotOptimize(make_structure(content));
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * content.size()));
}
BENCHMARK(make_structure_of_4k);

} // namespace
} // namespace maild::imap
