#pragma once
// Messages as mail is: words, numbers among them, each with a header of its own. No line begins
// with a dot, so that no transparency is needed (RFC 5321 §4.5.2).

#include "bench/load/options.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace maild::bench {

class Messages {
public:
    explicit Messages(const Options& options);
    std::string make(std::uint64_t number) const;

private:
    const Options& options_;
    std::vector<std::string> bodies_; // they repeat after so many
    std::string run_;                 // differs in each run of the program
};

} // namespace maild::bench
