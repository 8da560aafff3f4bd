// The index only narrows: whatever is searched for in a mixed corpus, the result is the one of
// looking into every message. MAILD_SEARCH_NEEDLES=n looks for n needles instead of 10,000.
#include "imap/body_search.hpp"
#include "imap/search_header.hpp"
#include "imap/search_run.hpp"
#include "imap/support/search_corpus.hpp"
#include "imap/support/stored_mailbox.hpp"
#include "support/conformance.hpp"

#include "maild/base/utf8.hpp"
#include "maild/mail/searchable.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace maild::imap::test {
namespace {

void fill(StoredMailbox& corpus) {
    SearchCorpus generated(11);
    std::vector<std::string> contents;
    for (int i = 0; i < 300; ++i) contents.push_back(generated.message());
    for (const auto* suite : {"mime-cpython", "mime-enmime", "mime-flanker", "mime-mime4j",
                              "mime-mimekit", "mime-rubymail", "mime-stalwart"}) {
        const auto directory = maild::test::conformance_suite(suite);
        if (!std::filesystem::is_directory(directory)) continue;
        for (const auto& file :
             maild::test::files_of(directory, {".txt", ".raw", ".eml", ".msg", ".bin"}))
            contents.push_back(maild::test::read_whole(file));
    }
    // Beyond what is read at once, and with a needle where two pieces meet.
    std::string large = "Subject: large\r\n\r\n";
    while (large.size() < 700'000) large += generated.words(8) + "\r\n";
    contents.push_back(std::move(large));
    corpus.add(contents);
    for (int i = 0; i < 20; ++i)
        corpus.deliver(i % 4 == 0 ? " continues the trace\r\n\r\nx\r\n" : generated.message(),
                       "Return-Path: <>\r\nDelivered-To: trace" + std::to_string(i * 77) +
                           "@example.org\r\n");
    corpus.wait_for_index();
}

// One text after the other: fields of the header section, or everything below.
struct Texts {
    std::vector<std::string> header;
    std::vector<std::string> body;
};

Texts texts_of(const store::MessageData& message, const std::string& bytes) {
    Texts texts;
    const std::string_view view = bytes;
    const auto fields = [](std::string_view header, std::vector<std::string>& out) {
        for (const auto& field : mail::parse_header(header).fields)
            out.push_back(mail::folded_field(field));
    };
    fields(view.substr(0, message.header_size), texts.header);
    const auto parts = mail::decode_parts(message.structure.parts);
    if (!parts) return texts;
    for (const auto& part : parts->parts()) {
        const auto at = part.header_begin + message.prefix_size;
        const auto header = view.substr(at, part.body_begin - part.header_begin);
        if (&part != &parts->root()) fields(header, texts.body);
        const auto type = mail::text_type(header);
        if (part.kind != mail::PartKind::leaf || !type.is_text) continue;
        texts.body.push_back(mail::collation_key(mail::decode_text(
            view.substr(part.body_begin + message.prefix_size, part.body_end - part.body_begin),
            type.charset, part.encoding)));
    }
    return texts;
}

class Needles {
public:
    explicit Needles(const std::vector<Texts>& texts) : texts_(texts) {}

    // A piece of a text, or of two texts one behind the other, or something else.
    std::string next() {
        const auto kind = random_() % 10;
        auto text = piece(kind < 6 ? 1 + random_() % 14 : 8 + random_() % 40);
        if (kind == 8) text += piece(3);
        if (kind == 9) text += std::to_string(random_());
        return text;
    }

private:
    std::string piece(std::size_t size) {
        for (;;) {
            const auto& [header, body] = texts_[random_() % texts_.size()];
            const auto& from = random_() % 3 == 0 || body.empty() ? header : body;
            if (from.empty()) continue;
            const auto& text = from[random_() % from.size()];
            if (text.empty()) continue;
            auto cut = text.substr(random_() % text.size(), size);
            while (!cut.empty() && !is_utf8(cut)) cut.erase(0, 1); // of a character that was cut
            for (int i = 0; i < 3 && !cut.empty() && !is_utf8(cut); ++i) cut.pop_back();
            if (!cut.empty() && is_utf8(cut)) return cut;
        }
    }

    const std::vector<Texts>& texts_;
    std::mt19937 random_{23};
};

// By the code that looks into messages: in the header section, and below it.
struct Truth {
    std::vector<bool> header;
    std::vector<bool> body;
};

Truth look_into(StoredMailbox& corpus, const store::MessageData& message,
                const std::vector<std::string>& needles) {
    BodySearch search(message, corpus.store(), corpus.session());
    const auto bytes = corpus.run(search.header());
    SearchHeader header(bytes);
    Truth truth;
    std::vector<SearchMatcher::BodyKey> keys;
    for (const auto& needle : needles) {
        truth.header.push_back(header.contains(needle));
        keys.push_back({needle});
    }
    const auto find = [](BodySearch& in,
                         std::vector<SearchMatcher::BodyKey>& what) -> net::Task<bool> {
        co_await in.find(what);
        co_return true;
    };
    corpus.run(find(search, keys));
    for (const auto& key : keys) truth.body.push_back(key.found);
    return truth;
}

std::vector<std::uint32_t> search(StoredMailbox& corpus, MailboxView& view, SearchOp op,
                                  const std::string& needle) {
    SearchProgram program(1);
    program[0].op = op;
    program[0].needle = needle;
    SearchRun run(program, view, corpus.store(), corpus.session(), WallTime());
    EXPECT_TRUE(corpus.run(run.run_among({{1, view.exists()}})));
    return run.take_found();
}

std::size_t needle_count() {
    const char* wanted = std::getenv("MAILD_SEARCH_NEEDLES");
    return wanted == nullptr ? 10'000 : std::strtoul(wanted, nullptr, 10);
}

std::vector<Texts> all_texts(StoredMailbox& corpus,
                             const std::vector<store::MessageData>& messages) {
    std::vector<Texts> texts;
    for (const auto& message : messages) {
        auto bytes = message.content;
        while (bytes.size() < message.size)
            bytes += *corpus.run(
                corpus.store().read(corpus.session(), message.uid, bytes.size(), 1U << 20U));
        texts.push_back(texts_of(message, bytes));
    }
    return texts;
}

// Of all texts together.
std::uint64_t percent_of_text(StoredMailbox& corpus, const std::vector<Texts>& texts) {
    std::uint64_t bytes = 0;
    for (const auto& [header, body] : texts) {
        for (const auto& text : header) bytes += text.size();
        for (const auto& text : body) bytes += text.size();
    }
    return corpus.run(corpus.store().figures())->index_bytes * 100 / bytes;
}

// What the needles are in, by looking into every message. Each is looked for in one of three
// places.
class Answers {
public:
    Answers(StoredMailbox& corpus, const std::vector<store::MessageData>& messages,
            const std::vector<std::string>& needles) {
        for (const auto& message : messages) truth_.push_back(look_into(corpus, message, needles));
    }
    static store::Where where(std::size_t needle) { return static_cast<store::Where>(needle % 3); }
    bool is_in(std::size_t needle, std::size_t message) const {
        const bool in_header = truth_[message].header[needle];
        const bool in_body = truth_[message].body[needle];
        if (where(needle) == store::Where::header) return in_header;
        return where(needle) == store::Where::body ? in_body : in_header || in_body;
    }
    std::vector<std::uint32_t> found(std::size_t needle) const {
        std::vector<std::uint32_t> seqs;
        for (std::uint32_t message = 0; message < truth_.size(); ++message)
            if (is_in(needle, message)) seqs.push_back(message + 1);
        return seqs;
    }

private:
    std::vector<Truth> truth_;
};

// By message, the needles from `first` on that it may contain.
std::vector<std::uint32_t> narrow(StoredMailbox& corpus, const MailboxView& view,
                                  const std::vector<std::string>& needles, std::size_t first) {
    std::vector<store::Needle> some;
    for (auto i = first; i < std::min(first + store::kMaxNeedles, needles.size()); ++i)
        some.push_back({Answers::where(i), {needles[i]}});
    const auto narrowed =
        corpus.run(corpus.store().narrow(corpus.session(), {{Uid(1), Uid(UINT32_MAX)}}, some));
    EXPECT_TRUE(narrowed);
    std::vector<std::uint32_t> candidates(view.exists());
    for (const auto& candidate : narrowed->candidates)
        candidates[view.seq_of(candidate.uid) - 1] = candidate.needles;
    return candidates;
}

struct Counts {
    std::size_t hits = 0;
    std::size_t candidates = 0;
    std::size_t missed = 0;
};

Counts compare(StoredMailbox& corpus, const MailboxView& view,
               const std::vector<std::string>& needles, const Answers& answers) {
    Counts counts;
    for (std::size_t first = 0; first < needles.size(); first += store::kMaxNeedles) {
        const auto candidates = narrow(corpus, view, needles, first);
        for (auto i = first; i < std::min(first + store::kMaxNeedles, needles.size()); ++i) {
            for (std::size_t m = 0; m < candidates.size(); ++m) {
                const bool is_candidate = (candidates[m] >> (i - first) & 1U) != 0;
                const bool is_there = answers.is_in(i, m);
                counts.hits += is_there ? 1 : 0;
                counts.candidates += is_candidate ? 1 : 0;
                if (is_candidate || !is_there) continue;
                if (++counts.missed < 10) ADD_FAILURE() << needles[i] << " in " << m + 1;
            }
        }
    }
    return counts;
}

TEST(SearchIndex, FindsWhatLookingIntoEveryMessageFinds) {
    StoredMailbox corpus;
    fill(corpus);
    auto view = corpus.open();
    const auto messages = corpus.messages();
    ASSERT_EQ(messages.size(), view.exists());
    const auto texts = all_texts(corpus, messages);
    const auto percent = percent_of_text(corpus, texts);
    EXPECT_LE(percent, 40U);

    Needles made(texts);
    std::vector<std::string> needles;
    for (auto count = needle_count(); count > 0; --count) needles.push_back(made.next());
    const Answers answers(corpus, messages, needles);
    const auto counts = compare(corpus, view, needles, answers);
    EXPECT_EQ(counts.missed, 0U);
    EXPECT_GT(counts.hits, needles.size());
    std::printf("[  INDEX   ] %zu messages, index %llu %% of the text; %zu needles: %zu hits, %zu "
                "messages left to look into\n",
                messages.size(), static_cast<unsigned long long>(percent), needles.size(),
                counts.hits, counts.candidates);

    // And by SEARCH itself.
    for (std::size_t i = 0; i < std::min<std::size_t>(needles.size(), 300); ++i) {
        if (Answers::where(i) == store::Where::header) continue; // HEADER wants a name
        const auto op = Answers::where(i) == store::Where::body ? SearchOp::body : SearchOp::text;
        EXPECT_EQ(search(corpus, view, op, needles[i]), answers.found(i)) << needles[i];
    }
}

// HARDENING 65: more than 16 MiB of text is not indexed, and so never left out.
TEST(SearchIndex, FindsInWhatHasTooMuchTextForIt) {
    std::string large = "Subject: large\r\n\r\n";
    while (large.size() < (17U << 20U)) large += "all work and no play\r\n";
    large += "but xylophone\r\n";
    StoredMailbox corpus;
    corpus.add({"Subject: small\r\n\r\nxylophone\r\n", large, "Subject: other\r\n\r\nnone\r\n"});
    corpus.wait_for_index();
    auto view = corpus.open();
    const auto candidates = [&](std::string_view word) {
        std::vector<store::Needle> needles{{store::Where::body, {mail::collation_key(word)}}};
        const auto narrowed = corpus.run(corpus.store().narrow(
            corpus.session(), {{Uid(1), Uid(UINT32_MAX)}}, std::move(needles)));
        std::vector<std::uint32_t> seqs;
        for (const auto& candidate : narrowed->candidates)
            seqs.push_back(view.seq_of(candidate.uid));
        return seqs;
    };
    using Seqs = std::vector<std::uint32_t>;
    EXPECT_EQ(candidates("xylophone"), (Seqs{1, 2}));
    EXPECT_EQ(candidates("quizzical"), (Seqs{2})) << "it has to be looked into";
    for (const auto op : {SearchOp::body, SearchOp::text}) {
        EXPECT_EQ(search(corpus, view, op, mail::collation_key("xylophone")), (Seqs{1, 2}));
        EXPECT_EQ(search(corpus, view, op, mail::collation_key("quizzical")), Seqs{});
    }
}

} // namespace
} // namespace maild::imap::test
