// Threads of header sections that stand between NULs: each message stands there once, and the
// response is well-formed.
#include "imap/sort_key.hpp"
#include "imap/threads.hpp"

#include "maild/base/ensure.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

using namespace maild;
using namespace maild::imap;

namespace {

void check(const Threads& threads, std::size_t count) {
    std::vector<std::uint32_t> numbers(count);
    std::iota(numbers.begin(), numbers.end(), 1);
    std::string text;
    for (const auto root : threads.roots) append_thread(text, threads, root, numbers);
    std::vector<bool> seen(count);
    std::size_t depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '(') ++depth;
        if (text[i] == ')') ensure(depth-- > 0, "depth");
        if (text[i] < '0' || text[i] > '9') continue;
        std::size_t number = 0;
        for (; text[i] >= '0' && text[i] <= '9'; ++i)
            number = number * 10 + static_cast<std::size_t>(text[i] - '0');
        --i;
        ensure(number >= 1 && number <= count && !seen[number - 1], "once");
        seen[number - 1] = true;
    }
    ensure(depth == 0 && std::ranges::all_of(seen, [](bool is_there) { return is_there; }), "all");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    std::vector<ThreadedMessage> messages;
    while (!rest.empty() && messages.size() < 1'000) {
        const auto text = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(std::min(rest.size(), text.size() + 1));
        auto& message = messages.emplace_back();
        const auto header = mail::parse_header(text);
        message.seq = static_cast<std::uint32_t>(messages.size());
        message.sent = sent_date(header, {});
        read_thread_fields(header, message);
    }
    check(thread_by_references(messages), messages.size());
    check(thread_by_subject(messages), messages.size());
    return 0;
}
