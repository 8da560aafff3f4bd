// Hidden capabilities: kept for an account, and told to the worker with each login (admit()).
#include "directory/repository.hpp"
#include "directory/rules.hpp"

#include "maild/directory/registry.hpp"

#include <algorithm>
#include <utility>

namespace maild::directory {
namespace {

// Which names mean something is IMAP's to know; what is kept here must only be a word.
Result<void> check_name(const std::string& name) {
    const auto is_graph = [](char c) { return c > ' ' && c < 0x7f; };
    if (name.empty() || name.size() > kMaxHiddenCapabilityName ||
        !std::ranges::all_of(name, is_graph))
        return fail(Errc::invalid_argument, "a capability's name is a word of 1 to 64 characters");
    return {};
}

bool holds(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

} // namespace

net::Task<Result<Changed>> Registry::hide_capability(std::string address, std::string name) {
    if (auto checked = check_name(name); !checked)
        co_return std::unexpected(std::move(checked.error()));
    co_return change("hide capability", address, [&]() -> Result<Changed> {
        const auto account = rules::find_account(*rows_, address);
        if (!account) return std::unexpected(account.error());
        const auto hidden = rows_->list_hidden_capabilities(account->id);
        if (!hidden) return std::unexpected(hidden.error());
        if (holds(*hidden, name)) return Changed{false};
        if (hidden->size() >= kMaxHiddenCapabilities)
            return fail(Errc::limit_exceeded, account->address + " has 100 hidden ones already");
        if (auto done = rows_->insert_hidden_capability(account->id, name); !done)
            return std::unexpected(std::move(done.error()));
        return Changed{};
    });
}

net::Task<Result<std::vector<std::string>>>
Registry::list_hidden_capabilities(std::string address) {
    const auto account = rules::find_account(*rows_, address);
    if (!account) co_return std::unexpected(account.error());
    co_return rows_->list_hidden_capabilities(account->id);
}

net::Task<Result<Changed>> Registry::unhide_capability(std::string address, std::string name) {
    co_return change("unhide capability", address, [&]() -> Result<Changed> {
        const auto account = rules::find_account(*rows_, address);
        if (!account) return std::unexpected(account.error());
        const auto hidden = rows_->list_hidden_capabilities(account->id);
        if (!hidden) return std::unexpected(hidden.error());
        if (!holds(*hidden, name)) return Changed{false};
        if (auto done = rows_->delete_hidden_capability(account->id, name); !done)
            return std::unexpected(std::move(done.error()));
        return Changed{};
    });
}

} // namespace maild::directory
