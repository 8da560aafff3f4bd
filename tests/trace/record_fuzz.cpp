// A record, whatever a worker sends as one: what is taken comes back from its own format, is
// explained, and is found by each of its names.
#include "trace/sample.hpp"

#include "maild/base/ensure.hpp"
#include "maild/trace/explain.hpp"
#include "maild/trace/messages.hpp"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace maild;
    using namespace maild::trace;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    (void)decode_batch(input);
    (void)ipc::decode<SearchRequest>(input);
    const auto record = parse_record(input);
    if (!record) return 0;
    const auto bytes = format_record(*record);
    ensure(bytes.size() <= kMaxRecord, "within the limit");
    const auto once = parse_record(bytes);
    ensure(once.has_value(), "what was written can be read");
    const auto twice = parse_record(format_record(*once));
    ensure(twice && test::text_of(*twice) == test::text_of(*once), "and is the same again");
    ensure(!explain(*once).sentences.empty(), "there is something to say");
    const auto keys = keys_of(*once);
    ensure(keys.size() <= Store::kMaxKeys && std::ranges::is_sorted(keys), "few keys");
    Query query{.recipient = once->recipients.empty() ? "" : once->recipients[0].forward_path};
    ensure(query.matches(*once) || query.recipient.ends_with('>') ||
               query.recipient.find_first_of(" \t") != std::string::npos,
           "found by its recipient");
    return 0;
}
