#pragma once
// From a message to its filters: takes the texts that a search would look into, in the same way
// (mail/searchable.hpp). One message at a time; linear; memory is one piece of the message and the
// set of grams.

#include "store/gram_filter.hpp"

#include "maild/base/error.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace maild::store {

// Octets [begin, end) of the content, which has them; less is an error.
using ReadOctets = std::function<Result<std::string>(std::uint64_t begin, std::uint64_t end)>;

class FilterMaker {
public:
    // Trace fields above the content, which begins with `next`.
    std::string of_prefix(std::string_view prefix, std::string_view next);
    // The header section of the content.
    std::string of_header(std::string_view header);
    // The parts of the content: their texts, and the headers of those inside of others. `parts` is
    // what was parsed at delivery. What cannot be read may be anything.
    std::string of_body(const ReadOctets& read, std::string_view parts, std::uint64_t size);

    void rest() { grams_.rest(); } // gives memory back

private:
    void add_fields(std::string_view header);

    GramSet grams_;
};

} // namespace maild::store
