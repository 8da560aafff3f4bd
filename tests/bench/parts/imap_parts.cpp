#include "bench/parts/part.hpp"
#include "imap/envelope_text.hpp"
#include "imap/fragmenter.hpp"
#include "imap/mailbox_view.hpp"
#include "imap/parse.hpp"
#include "imap/sequence_set.hpp"

#include "maild/imap/structure.hpp"
#include "maild/mail/mime.hpp"

#include <cstdlib>
#include <memory>

namespace maild::bench {
namespace {

Part parse(std::string name, std::string_view command) {
    if (!imap::parse_command(command)) std::abort();
    return {"imap/parse_" + std::move(name), command.size(),
            [command] { keep(imap::parse_command(command)); }};
}

// 500 ranges, as a client that fetches the gaps of its cache.
std::string many_ranges() {
    std::string text;
    for (int i = 0; i < 500; ++i)
        text += (i == 0 ? "" : ",") + std::to_string(10 * i + 1) + ":" + std::to_string(10 * i + 7);
    return text;
}

void add_sequence_sets(std::vector<Part>& parts) {
    const auto text = many_ranges();
    parts.push_back({"imap/parse_sequence_set_500", text.size(), [text] {
                         Cursor in(text);
                         keep(imap::parse_sequence_set(in));
                     }});
    Cursor in(text);
    auto set = imap::parse_sequence_set(in);
    if (!set) std::abort();
    parts.push_back({"imap/resolve_sequence_set_500", text.size(),
                     [set = std::move(*set)] { keep(set.resolve(100'000)); }});
}

Part fragment() {
    const auto text = filled("a1 NOOP\r\na2 UID FETCH 1:* (FLAGS)\r\n"
                             "a3 LOGIN {3+}\r\nada {8+}\r\npassword\r\n",
                             4096);
    return {"imap/fragment_4k", text.size(), [text] {
                imap::Fragmenter fragmenter;
                fragmenter.append(text);
                while (fragmenter.next() == imap::Event::fragment) keep(fragmenter.text());
            }};
}

std::string flags_of(const imap::MailboxView& view) {
    std::string out;
    for (std::uint32_t seq = 1; seq <= view.exists(); ++seq)
        view.append_fetch_flags(out, seq, true);
    return out;
}

Part format_flags() {
    store::OpenedMailbox opened;
    opened.keywords = {"$Forwarded", "NonJunk"};
    for (std::uint32_t uid = 1; uid <= 1'000; ++uid)
        opened.messages.push_back({Uid(uid), store::Flags{uid % 128}, ModSeq(uid)});
    const auto view =
        std::make_shared<const imap::MailboxView>(std::move(opened), false, imap::NewsStyle{});
    return {"imap/format_flags_1000", flags_of(*view).size(), [view] { keep(flags_of(*view)); }};
}

// A message in the middle goes, and its number is told. All that counts is the copy of the view:
// the others are moved, and not looked at one by one.
Part expunge_one() {
    store::OpenedMailbox opened;
    for (std::uint32_t uid = 1; uid <= 10'000; ++uid)
        opened.messages.push_back({Uid(uid), {}, ModSeq(uid)});
    const auto view =
        std::make_shared<const imap::MailboxView>(std::move(opened), false, imap::NewsStyle{});
    const auto expunge = [view] {
        auto copy = *view;
        std::string out;
        copy.apply(store::Change(store::Expunged{Uid(5'000), ModSeq(10'001)}));
        copy.announce(out, imap::ExpungeRule::announce, false);
        return out;
    };
    return {"imap/expunge_one_of_10000", expunge().size(), [expunge] { keep(expunge()); }};
}

Part format_envelope() {
    const auto message =
        std::make_shared<const mail::Message>(mail::parse_message(plain_message(0)));
    const auto format = [message] {
        std::string out;
        imap::append_envelope(out, message->envelope, imap::TextForm::ascii);
        return out;
    };
    return {"imap/format_envelope", format().size(), [format] { keep(format()); }};
}

Part make_structure(std::string name, std::string content) {
    const auto size = content.size();
    return {"imap/make_structure_" + std::move(name), size,
            [content = std::move(content)] { keep(imap::make_structure(content)); }};
}

} // namespace

std::vector<Part> imap_parts() {
    std::vector<Part> parts;
    parts.push_back(parse("noop", "a1 NOOP"));
    parts.push_back(parse("fetch", "a123 UID FETCH 1:500,700:* (UID FLAGS INTERNALDATE RFC822.SIZE "
                                   "BODY.PEEK[HEADER.FIELDS (DATE FROM SUBJECT)])"));
    parts.push_back(parse("store", "a124 UID STORE 4711:4713 +FLAGS.SILENT (\\Seen $Forwarded)"));
    parts.push_back(parse("search", "a125 UID SEARCH RETURN (MIN MAX COUNT) UNSEEN SINCE "
                                    "1-Feb-2023 OR FROM \"ada\" SUBJECT \"minutes\""));
    add_sequence_sets(parts);
    parts.push_back(fragment());
    parts.push_back(format_flags());
    parts.push_back(expunge_one());
    parts.push_back(format_envelope());
    parts.push_back(make_structure("4k", plain_message(4096)));
    parts.push_back(
        make_structure("attachment_64k", message_with_attachment(std::size_t{64} << 10)));
    return parts;
}

} // namespace maild::bench
