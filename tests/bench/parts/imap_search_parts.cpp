// What SEARCH does with a message that the index could not exclude.
#include "bench/parts/part.hpp"
#include "imap/search_matcher.hpp"
#include "imap/text_finder.hpp"

#include <memory>

namespace maild::bench {
namespace {

constexpr std::size_t kSize = std::size_t{64} << 10;

Part find(std::string name, std::string text, mail::TransferEncoding encoding) {
    const auto size = text.size();
    return {"imap/search_" + std::move(name), size, [text = std::move(text), encoding] {
                std::vector<imap::SearchMatcher::BodyKey> keys(1);
                keys[0].needle = "HAYSTACK'S NEEDLE";
                imap::TextFinder finder(keys, encoding, "utf-8");
                finder.update(text);
                finder.finish();
                keep(keys[0].found);
            }};
}

store::OpenedMailbox one_message() {
    store::OpenedMailbox opened;
    opened.messages.push_back({Uid(1), {}, ModSeq(1)});
    return opened;
}

// FROM and SUBJECT in the header section of one message.
Part match_header() {
    struct State {
        State() : view(one_message(), true, {}), matcher(program, view, WallTime()) {}
        imap::SearchProgram program = [] {
            imap::SearchProgram keys(3);
            keys[0].op = keys[1].op = imap::SearchOp::header;
            keys[0].name = "From";
            keys[0].needle = "ada@example";
            keys[1].name = "Subject";
            keys[1].needle = "minutes of Tuesday";
            keys[2].op = imap::SearchOp::op_and;
            return keys;
        }();
        imap::MailboxView view;
        imap::SearchMatcher matcher;
    };
    const auto state = std::make_shared<State>();
    const auto header = plain_message(0);
    return {"imap/search_header", header.size(), [state, header] {
                keep(state->matcher.match_view(1));
                keep(state->matcher.match_figures({}));
                keep(state->matcher.match_header(header));
            }};
}

} // namespace

std::vector<Part> imap_search_parts() {
    std::vector<Part> parts;
    parts.push_back(match_header());
    parts.push_back(find("ascii_64k",
                         filled("The quick brown fox jumps over the lazy dog's needle.\r\n", kSize),
                         mail::TransferEncoding::seven_bit));
    parts.push_back(find("unicode_64k",
                         filled("Grüße an alle, ПРИВЕТ und 日本, und ein wenig mehr\r\n", kSize),
                         mail::TransferEncoding::eight_bit));
    parts.push_back(
        find("base64_64k",
             filled("VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZywgYW5kIGFnYWlu\r\n",
                    kSize),
             mail::TransferEncoding::base64));
    return parts;
}

} // namespace maild::bench
