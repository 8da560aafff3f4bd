#include "bench/load/message.hpp"

#include <random>

namespace maild::bench {
namespace {

constexpr std::size_t kBodies = 64;
constexpr std::size_t kHeaderSize = 300; // about

std::string body(std::size_t size, std::mt19937& random) {
    static constexpr std::string_view kWords[] = {
        "meeting", "minutes", "please",  "find",    "attached", "report",   "about",  "tomorrow",
        "invoice", "project", "changes", "between", "versions", "question", "answer", "regards"};
    std::string text;
    text.reserve(size + 80);
    std::size_t line = 0;
    while (text.size() < size) {
        const auto before = text.size();
        if (random() % 12 == 0)
            text += std::to_string(random() % 1'000'000);
        else
            text += kWords[random() % std::size(kWords)];
        line += text.size() - before + 1;
        text += line > 66 ? "\r\n" : " ";
        if (line > 66) line = 0;
    }
    return text + "\r\n";
}

} // namespace

Messages::Messages(const Options& options)
    : options_(options), run_(std::to_string(std::random_device{}())) {
    std::mt19937 random(1);
    const auto size = options.size > kHeaderSize ? options.size - kHeaderSize : 1;
    for (std::size_t i = 0; i < kBodies; ++i) bodies_.push_back(body(size, random));
}

std::string Messages::make(std::uint64_t number) const {
    const auto text = std::to_string(number);
    auto out = "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\nFrom: Sender " +
               std::to_string(number % 97) + " <sender" + std::to_string(number % 97) +
               "@bench.example>\r\nTo: <list@example.org>\r\nSubject: Minutes of the meeting " +
               text + "\r\nMessage-ID: <" + run_ + "." + text +
               "@bench.example>\r\nMIME-Version: 1.0\r\n"
               "Content-Type: text/plain; charset=us-ascii\r\n\r\n";
    if (options_.every > 0 && number % options_.every == options_.every - 1)
        out += options_.word + "\r\n";
    return out + bodies_[number % kBodies];
}

} // namespace maild::bench
