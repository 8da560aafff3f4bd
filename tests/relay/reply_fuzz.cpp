// Input: what a server sends, in lines. Each whole reply is read as an answer to EHLO, too.
#include "maild/base/ascii.hpp"
#include "maild/base/ensure.hpp"
#include "maild/base/utf8.hpp"
#include "maild/relay/capabilities.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

using namespace maild;
using namespace maild::relay;

static void check(const Reply& reply) {
    ensure(reply.code >= 200 && reply.code <= 599);
    ensure(!reply.lines.empty() && reply.lines.size() <= kMaxReplyLines);
    const auto words = reply.words();
    ensure(is_utf8(words) && std::ranges::none_of(words, ascii::is_control));
    const auto status = reply.status_or_class();
    ensure(status.kind == reply.kind() || reply.kind() == 3);
    if (reply.status) ensure(parse_status(status.format()) == status);
    const auto capabilities = parse_capabilities(reply);
    ensure(capabilities.mechanisms.size() <= kMaxMechanisms);
    ensure(!capabilities.binary_mime || capabilities.chunking);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    ensure(is_utf8(cleaned(input)));
    ReplyBuilder builder;
    while (!input.empty()) {
        const auto end = std::min(input.find('\n'), input.size());
        auto line = input.substr(0, end);
        input.remove_prefix(std::min(end + 1, input.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        const auto is_whole = builder.put(line);
        if (!is_whole) return 0;
        if (*is_whole) check(builder.take());
    }
    return 0;
}
