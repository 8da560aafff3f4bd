// JSON of any shape: facts are made of it, which come back as they are, or it is refused.
#include "maild/base/ensure.hpp"
#include "maild/dnscare/records.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    boost::system::error_code failed;
    const auto json = boost::json::parse(input, failed);
    if (failed) return 0;
    const auto facts = dnscare::facts_from_json(json);
    if (!facts) return 0;
    const auto again = dnscare::facts_from_json(dnscare::to_json(*facts));
    ensure(again.has_value(), "what was read is written readably");
    ensure(boost::json::serialize(dnscare::to_json(*again)) ==
               boost::json::serialize(dnscare::to_json(*facts)),
           "and as it was");
    ensure(!dnscare::zone_text(dnscare::wanted_records(*facts)).empty(), "there is a zone");
    return 0;
}
