// GETQUOTA and SETQUOTA (RFC 9208 §7); GETQUOTAROOT has a mailbox alone.
#include "imap/parse.hpp"

namespace maild::imap {

namespace {

// SP quota-root-name
Parsed<QuotaRoot> parse_quota_root(Cursor& in) {
    if (!in.take(' ')) return in.expected("quota root");
    auto name = parse_astring(in);
    if (!name) return std::unexpected(name.error());
    return QuotaRoot{std::move(*name)};
}

// setquota-resource = resource-name SP resource-limit; number64 has 63 bits (RFC 9051 §9).
Parsed<bool> parse_resource(Cursor& in) {
    const auto name = parse_atom(in);
    if (!name) return std::unexpected(name.error());
    if (!in.take(' ')) return in.expected("limit");
    const auto limit = in.take_number(INT64_MAX);
    if (!limit) return std::unexpected(limit.error());
    return true;
}

} // namespace

Parsed<Arguments> parse_get_quota(Cursor& in) {
    auto root = parse_quota_root(in);
    if (!root) return std::unexpected(root.error());
    return std::move(*root);
}

// setquota-list = "(" [setquota-resource *(SP setquota-resource)] ")". The limits are read for
// their grammar alone: over IMAP nobody may set them.
Parsed<Arguments> parse_set_quota(Cursor& in) {
    auto root = parse_quota_root(in);
    if (!root) return std::unexpected(root.error());
    if (!in.take(" (")) return in.expected("(");
    if (in.take(')')) return std::move(*root);
    do {
        const auto resource = parse_resource(in);
        if (!resource) return std::unexpected(resource.error());
    } while (in.take(' '));
    if (!in.take(')')) return in.expected(")");
    return std::move(*root);
}

} // namespace maild::imap
