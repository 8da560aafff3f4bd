#pragma once
// One search through blocks, newest first, until its limit or its share of reading is reached.

#include "trace/segment.hpp"

#include "maild/trace/store.hpp"

namespace maild::trace {

class Search {
public:
    Search(const Query& query, const SearchRange& range)
        : query_(query), keys_(query.keys()), range_(range) {}

    // False: it is over, as page() says.
    bool look_at(const BlockBuilder& block);
    bool look_at(const Segment& segment);
    SearchPage page(std::uint64_t end) &&;

private:
    bool look_at(const Segment& segment, const BlockPlace& place);
    bool look_at(std::uint64_t number, std::string_view bytes);
    bool is_too_new(const BlockHeader& header) const;
    bool may_be_in(const std::vector<std::uint64_t>& keys) const;

    const Query& query_;
    std::vector<std::vector<std::uint64_t>> keys_;
    SearchRange range_;
    SearchPage page_;
    std::uint64_t read_ = 0;  // octets of files
    std::uint64_t found_ = 0; // octets of records
};

} // namespace maild::trace
