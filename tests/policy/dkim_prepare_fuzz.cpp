// Input: names of fields, each with a line end, then an empty line and what they stand for, as a
// worker sends it to who has the keys; and the whole as a message that is to be signed.
#include "maild/base/ensure.hpp"
#include "maild/policy/dkim_sign.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;
using namespace maild::policy;

namespace {

const dkim::Signer kSigner{"ed25519-sha256",
                           [](std::string_view digest) { return std::string(digest) + "x"; }};
const dkim::SigningOptions kOptions{.domain = "example.org", .selector = "key"};

void try_prepared(std::string_view text) {
    dkim::Prepared prepared;
    prepared.body_hash.assign(32, 'h');
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto name = text.substr(0, end);
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
        if (name.empty()) break;
        prepared.names.emplace_back(name);
    }
    prepared.fields = text;
    if (const auto author = dkim::author_of(prepared))
        ensure(prepared.fields.contains("from:" + std::string(*author) + "\r\n"), "its From");
    (void)dkim::sign_prepared(prepared, kSigner, kOptions);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    try_prepared(text);
    const auto prepared = dkim::prepare(text, text, kOptions);
    if (!prepared) return 0;
    ensure(dkim::sign_prepared(*prepared, kSigner, kOptions).has_value(), "what was prepared");
    (void)dkim::author_of(*prepared);
    return 0;
}
