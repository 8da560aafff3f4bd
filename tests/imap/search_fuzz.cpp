// SEARCH programs: parsed without recursion, evaluated without a hole in the stack.
#include "imap/search_matcher.hpp"

#include "maild/base/ensure.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    Cursor in(input);
    const auto program = imap::parse_search_keys(in);
    if (!program) return 0;
    store::OpenedMailbox opened;
    for (std::uint32_t uid = 1; uid < 5; ++uid)
        opened.messages.push_back({Uid(uid * 2), store::Flags{uid}, ModSeq(1)});
    const imap::MailboxView view(std::move(opened), false, {});
    imap::SearchMatcher matcher(*program, view, WallTime());
    store::MessageData message;
    for (std::uint32_t seq = 1; seq <= view.exists(); ++seq) {
        matcher.match_view(seq);
        matcher.match_figures(message);
        matcher.match_header("From: a@b\r\nDate: Wed, 17 Jul 1996 02:23:25 -0700\r\n\r\n");
        ensure(matcher.match_bodies(matcher.body_keys()) != imap::Tri::unknown,
               "everything is decided");
    }
    return 0;
}
