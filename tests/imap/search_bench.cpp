// SEARCH over a mailbox of 10,000 messages of 2 KiB: with the index, and looking into each.
#include "imap/search_run.hpp"
#include "imap/support/stored_mailbox.hpp"

#include "maild/base/log.hpp"

#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

namespace maild::imap {
namespace {

// Words, some of them numbers, so that messages differ as mail does.
std::string message(int number, std::mt19937& random) {
    std::string text = "From: sender" + std::to_string(number % 50) +
                       "@example.org\r\nSubject: number " + std::to_string(number) +
                       "\r\nMessage-ID: <" + std::to_string(random()) + "@example.org>\r\n\r\n";
    if (number == 5000) text += "Here lies the haystack's needle.\r\n";
    static constexpr const char* kWords[] = {"meeting",  "minutes", "please", "find",
                                             "attached", "report",  "about",  "tomorrow"};
    while (text.size() < 2000) {
        text += random() % 6 == 0 ? std::to_string(random()) : kWords[random() % 8];
        text += random() % 10 == 0 ? "\r\n" : " ";
    }
    return text;
}

void fill(test::StoredMailbox& mailbox) {
    std::mt19937 random(5);
    for (int done = 0; done < 10'000; done += 500) {
        std::vector<std::string> contents;
        for (int i = 0; i < 500; ++i) contents.push_back(message(done + i, random));
        mailbox.add(contents);
    }
    mailbox.wait_for_index();
}

void search(benchmark::State& state, bool has_index, SearchOp op, const char* needle,
            const char* name) {
    log::to_nowhere();
    test::StoredMailbox mailbox(has_index);
    fill(mailbox);
    auto view = mailbox.open();
    SearchProgram program(1);
    program[0].op = op;
    program[0].needle = needle;
    program[0].name = name;
    std::size_t found = 0;
    for (auto _ : state) {
        SearchRun searching(program, view, mailbox.store(), mailbox.session(), WallTime());
        if (!mailbox.run(searching.run_among({{1, view.exists()}}))) std::abort();
        found = searching.take_found().size();
    }
    state.counters["found"] = static_cast<double>(found);
}
BENCHMARK_CAPTURE(search, text_with_index, true, SearchOp::text, "haystack's needle", "")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, text_scanned, false, SearchOp::text, "haystack's needle", "")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, body_with_index, true, SearchOp::body, "haystack's needle", "")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, body_scanned, false, SearchOp::body, "haystack's needle", "")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, subject_with_index, true, SearchOp::header, "number 5000", "Subject")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, subject_scanned, false, SearchOp::header, "number 5000", "Subject")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search, nothing_with_index, true, SearchOp::text, "zyxwvu", "")
    ->Unit(benchmark::kMillisecond);

} // namespace
} // namespace maild::imap
