// Input: one byte says how large the pieces are, the rest is a body and a field. Pieces must not
// matter, and what is canonical must stay as it is.
#include "policy/dkim_canonical.hpp"

#include "maild/base/ensure.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;
using namespace maild::policy::dkim;

static std::string body_of(Canonicalization kind, std::string_view body, std::size_t step) {
    std::string out;
    CanonicalBody canonical(kind, [&out](std::string_view piece) { out += piece; });
    for (std::size_t i = 0; i < body.size(); i += step) canonical.take(body.substr(i, step));
    canonical.finish();
    return out;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t step = data[0] % 16U + 1;
    for (const auto kind : {Canonicalization::simple, Canonicalization::relaxed}) {
        const auto whole = body_of(kind, text, text.size() + 1);
        ensure(body_of(kind, text, step) == whole, "pieces matter");
        ensure(body_of(kind, whole, step) == whole, "not canonical");
        ensure(whole.empty() || whole.ends_with("\r\n"), "no line end");
        const auto field = canonical_field(kind, text);
        ensure(field.ends_with("\r\n"), "no line end");
    }
    const auto field = canonical_field(Canonicalization::relaxed, text);
    ensure(canonical_field(Canonicalization::relaxed, field) == field, "not canonical");
    return 0;
}
