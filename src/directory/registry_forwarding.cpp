// What is sent on to other hosts: in whose name, and the way back (SRS).
#include "directory/repository.hpp"

#include "maild/directory/registry.hpp"
#include "maild/policy/srs.hpp"

#include <utility>

namespace maild::directory {

Result<void> Registry::recall_srs_secret() {
    auto bytes = rows_->secret(kSrsSecret);
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    if (bytes->empty()) return write([&] { return rows_->store_secret(kSrsSecret, srs_secret_); });
    if (bytes->size() != srs_secret_.size())
        return fail(Errc::corrupt, "an SRS secret of another size");
    srs_secret_ = std::move(*bytes);
    return {};
}

net::Task<Result<std::string>> Registry::forward_sender(std::string sender, std::string via) {
    const auto from = mail::parse_address(sender, mail::Utf8::allowed);
    const auto through = mail::parse_address(via, mail::Utf8::allowed);
    if (!from || !through) co_return fail(Errc::invalid_argument, "no address");
    const auto own = rows_->find_domain(through->domain.ascii());
    if (!own) co_return std::unexpected(own.error());
    const auto alias = rows_->find_domain_alias(through->domain.ascii());
    if (!alias) co_return std::unexpected(alias.error());
    if (!*own && !*alias) co_return fail(Errc::no_such_domain, via);
    const auto route = find_route(*rows_, sender);
    if (!route) co_return std::unexpected(route.error());
    if (route->verdict != Verdict::not_local) co_return sender;
    const policy::srs::Rewriter rewriter(srs_secret_);
    const auto rewritten = rewriter.forward(*from, through->domain, clock_.now());
    co_return rewritten ? rewritten->format() : sender;
}

// Who is meant by an address that was made by forward_sender(); none: it was not, and is like any
// other.
Result<std::optional<std::string>> Registry::sender_behind(const std::string& address) {
    const auto parsed = mail::parse_address(address, mail::Utf8::allowed);
    if (!parsed || !policy::srs::is_rewritten(parsed->localpart)) return std::nullopt;
    const auto own = rows_->find_domain(parsed->domain.ascii());
    if (!own) return std::unexpected(own.error());
    const auto alias = rows_->find_domain_alias(parsed->domain.ascii());
    if (!alias) return std::unexpected(alias.error());
    if (!*own && !*alias) return std::nullopt;
    const policy::srs::Rewriter rewriter(srs_secret_);
    const auto sender = rewriter.reverse(parsed->localpart, clock_.now());
    if (!sender) return std::nullopt;
    return sender->format();
}

} // namespace maild::directory
