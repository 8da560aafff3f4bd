// Input: a localpart that comes back, and, as an address, a sender whose mail is forwarded: what
// was made leads back to him.
#include "maild/base/ascii.hpp"
#include "maild/base/ensure.hpp"
#include "maild/policy/srs.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static const policy::srs::Rewriter rewriter(std::string(32, 's'));
    static const auto here = mail::Domain::parse("here.example").value();
    const auto now = from_unix_seconds(1'795'000'000);
    const auto back = rewriter.reverse(text, now);
    ensure(!back || policy::srs::is_rewritten(text), "only what was rewritten");
    const auto sender = mail::parse_address(text, mail::Utf8::allowed);
    if (!sender) return 0;
    const auto made = rewriter.forward(*sender, here, now);
    if (!made) return 0;
    const auto returned = rewriter.reverse(made->localpart, now);
    ensure(returned.has_value(), "the way back");
    // One that was rewritten twice before loses its middle.
    if (!ascii::equals_icase(sender->localpart.substr(0, 4), "SRS1"))
        ensure(ascii::equals_icase(returned->format(), sender->format()), "to the sender");
    return 0;
}
