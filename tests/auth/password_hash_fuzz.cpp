// Whatever is accepted at import has one stable stored form and stays within what a login may cost.
#include "auth/password_hash.hpp"

#include "maild/auth/password.hpp"
#include "maild/base/ensure.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto stored = auth::parse_password_hash(text);
    if (!stored) {
        ensure(!auth::verify_password("password", text));
        return 0;
    }
    ensure(auth::is_password_hash(text) && stored->size() <= text.size());
    ensure(auth::parse_password_hash(*stored).value() == *stored);
    const auto parsed = auth::parse_hash(*stored);
    if (parsed->scheme == auth::Scheme::salted_digest) (void)auth::verify_password("x", *stored);
    return 0;
}
