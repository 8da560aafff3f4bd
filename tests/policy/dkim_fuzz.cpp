// Input: a field's body, or a key record. Everything that reads tag-lists reads it; what it found
// must hold together.
#include "policy/dkim_key.hpp"
#include "policy/dkim_signature.hpp"

#include "maild/base/ensure.hpp"

#include <cstddef>
#include <cstdint>

using namespace maild;
using namespace maild::policy;

static void check(const dkim::SignatureResult& result, std::string_view text) {
    if (!result) {
        ensure(!result.error().reason.empty());
        return;
    }
    ensure(result->value_begin <= result->value_end && result->value_end <= text.size());
    ensure(text[result->value_begin - 1] == '=');
    ensure(!result->signature.empty() && !result->domain.empty() && !result->selector.empty());
    ensure(result->fields.size() <= dkim::kMaxSignedFields);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto signature = dkim::parse_dkim_signature(text);
    check(signature, text);
    check(dkim::parse_arc_message_signature(text), text);
    const auto seal = dkim::parse_arc_seal(text);
    check(seal, text);
    if (seal) ensure(seal->instance >= 1 && seal->instance <= 50 && !seal->chain_status.empty());
    (void)dkim::parse_key_record(text);
    (void)dkim::decode_quoted(text);
    if (const auto name = dkim::dns_name(text)) ensure(dkim::dns_name(*name) == name);
    if (!signature) return 0;
    const auto half = text.size() / 2;
    const dkim::KeyAnswer answer{dkim::KeyAnswer::State::found,
                                 {std::string(text), std::string(text.substr(half))}};
    (void)dkim::usable_key(*signature, answer, {});
    return 0;
}
