#pragma once
// The result of a SORT that a client follows, in its order (RFC 5267 §4.3): where messages leave it
// and where others join it. Keys do not change with a message's flags, so those of what is in it
// are kept, and only newcomers are read. Pure.

#include "imap/sort_key.hpp"

#include "maild/store/types.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace maild::imap {

class SortedResult {
public:
    // How a message is named to the client.
    using Number = std::function<std::uint32_t(Uid)>;

    // `keys` are in order, with UIDs in the place of sequence numbers.
    SortedResult(SortProgram program, std::vector<SortKey> keys);

    const SortProgram& program() const { return program_; }
    std::size_t octets() const; // of its keys

    // Takes these (ascending) out, or puts them in, and says so: "position set position set …" (RFC
    // 5267 §5), each position as it is when those before it are done.
    std::string remove(const std::vector<Uid>& uids, const Number& number);
    std::string add(std::vector<SortKey> keys, const Number& number);

private:
    SortProgram program_;
    std::vector<SortKey> keys_;
};

} // namespace maild::imap
