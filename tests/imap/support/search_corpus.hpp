#pragma once
// Messages to be searched: scripts, charsets, transfer encodings and structures of all kinds, made
// from a seed.

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace maild::imap::test {

class SearchCorpus {
public:
    explicit SearchCorpus(std::uint32_t seed) : random_(seed) {}

    std::string message();
    std::string words(std::size_t count); // of one script, UTF-8

private:
    std::size_t below(std::size_t limit) { return random_() % limit; }
    std::string text_part(std::size_t words);
    std::string header();
    std::string body(int depth);

    std::mt19937 random_;
};

} // namespace maild::imap::test
