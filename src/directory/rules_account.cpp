#include "directory/rules.hpp"

namespace maild::directory::rules {
namespace {

// Nobody else may have this address, neither an account nor an alias.
Result<void> check_free(Repository& rows, const Place& place) {
    const auto taken = rows.find_address(place.domain.id, place.localpart);
    if (!taken) return std::unexpected(taken.error());
    if (*taken) return fail(Errc::already_exists, place.address + " is an account's address");
    const auto alias = rows.find_alias(place.domain.id, place.localpart);
    if (!alias) return std::unexpected(alias.error());
    if (!alias->empty()) return fail(Errc::already_exists, place.address + " is an alias");
    return {};
}

Result<void> check_not_full(Repository& rows, const Place& place) {
    const auto most = rows.most_accounts(place.domain.id);
    if (!most) return std::unexpected(most.error());
    const auto limit = *most;
    if (limit == 0) return {}; // and they need not be counted
    const auto domain = rows.show_domain(place.domain_name);
    if (!domain) return std::unexpected(domain.error());
    if (!*domain || (*domain)->accounts < limit) return {};
    return fail(Errc::limit_exceeded,
                place.domain_name + " has as many accounts as it may: " + std::to_string(limit));
}

Result<Place> find_new_place(Repository& rows, std::string_view address) {
    auto place = find_place(rows, address);
    if (!place) return place;
    if (place->localpart.contains('*'))
        return fail(Errc::invalid_argument, "an account's address cannot contain '*'");
    if (auto checked = check_free(rows, *place); !checked)
        return std::unexpected(std::move(checked.error()));
    return place;
}

Result<void> rename(Repository& rows, directory::Account& account, const std::string& address) {
    const auto old = find_place(rows, account.address);
    if (!old) return std::unexpected(old.error());
    const auto place = find_new_place(rows, address);
    if (!place) return std::unexpected(place.error());
    if (place->domain.id != old->domain.id)
        if (auto checked = check_not_full(rows, *place); !checked) return checked;
    const auto postmaster = rows.postmaster();
    if (!postmaster) return std::unexpected(postmaster.error());
    const bool is_postmaster = *postmaster == account.address;
    account.address = place->address;
    if (auto renamed = rows.rename_account(account, place->domain.id, place->localpart); !renamed)
        return renamed;
    return is_postmaster ? rows.set_postmaster(place->address) : Result<void>{};
}

bool is_alike(const directory::Account& a, const directory::Account& b) {
    return a.is_disabled == b.is_disabled && a.disabled_reason == b.disabled_reason &&
           a.quota_bytes == b.quota_bytes && a.quota_messages == b.quota_messages &&
           a.sending == b.sending;
}

Result<void> apply(directory::Account& account, const AccountChange& change) {
    if (change.disabled) {
        if (auto checked = check_reason(change.disabled_reason); !checked) return checked;
        account.is_disabled = *change.disabled;
        account.disabled_reason = *change.disabled ? change.disabled_reason : "";
    }
    account.quota_bytes = change.quota_bytes.value_or(account.quota_bytes);
    account.quota_messages = change.quota_messages.value_or(account.quota_messages);
    auto& sending = account.sending;
    sending.saves_sent = change.sending.saves_sent.value_or(sending.saves_sent);
    sending.messages_per_day = change.sending.messages_per_day.value_or(sending.messages_per_day);
    sending.recipients_per_day =
        change.sending.recipients_per_day.value_or(sending.recipients_per_day);
    sending.hold_for = change.sending.hold_for.value_or(sending.hold_for);
    if (sending.hold_for < std::chrono::seconds(0) || sending.hold_for > kMaxHold)
        return fail(Errc::invalid_argument, "mail can be held for up to 24 hours.");
    if (auto checked = check_quota(account.quota_bytes); !checked) return checked;
    return check_quota(account.quota_messages);
}

} // namespace

Result<Place> find_place(Repository& rows, std::string_view address) {
    auto parsed = canonical_address(address);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    auto meant = rows.find_domain_alias(parsed->domain.ascii());
    if (!meant) return std::unexpected(std::move(meant.error()));
    auto name = *meant ? std::move(**meant) : parsed->domain.ascii();
    auto domain = rows.find_domain(name);
    if (!domain) return std::unexpected(std::move(domain.error()));
    if (!*domain) return fail(Errc::no_such_domain, "there is no domain " + name);
    auto canonical = mail::format_localpart(parsed->localpart) + "@" + name;
    return Place{std::move(**domain), std::move(name), std::move(parsed->localpart),
                 std::move(canonical)};
}

Result<directory::Account> find_account(Repository& rows, std::string_view address) {
    const auto place = find_place(rows, address);
    if (!place) return std::unexpected(place.error());
    const auto found = rows.find_address(place->domain.id, place->localpart);
    if (!found) return std::unexpected(found.error());
    if (!*found) return fail(Errc::no_such_account, "there is no account " + place->address);
    auto account = rows.load_account((*found)->id);
    if (!account) return std::unexpected(std::move(account.error()));
    if (!*account) return fail(Errc::corrupt, place->address + " belongs to no account");
    return std::move(**account);
}

Result<Place> check_new_account(Repository& rows, const NewAccount& account) {
    if (auto checked = check_quota(account.quota_bytes); !checked)
        return std::unexpected(std::move(checked.error()));
    auto place = find_new_place(rows, account.address);
    if (!place) return place;
    if (auto checked = check_not_full(rows, *place); !checked)
        return std::unexpected(std::move(checked.error()));
    return place;
}

Result<AccountId> insert_account(Repository& rows, const Place& place, std::uint64_t quota_bytes,
                                 WallTime now) {
    const auto shard = rows.least_used_shard();
    if (!shard) return std::unexpected(shard.error());
    directory::Account account;
    account.shard = *shard;
    account.address = place.address;
    account.quota_bytes = quota_bytes;
    account.created = now;
    return rows.insert_account(account, place.domain.id, place.localpart);
}

Result<Changed> change_account(Repository& rows, directory::Account account,
                               const AccountChange& change) {
    const auto before = account;
    if (auto applied = apply(account, change); !applied)
        return std::unexpected(std::move(applied.error()));
    Changed changed{!is_alike(before, account)};
    if (changed.changed)
        if (auto updated = rows.update_account(account); !updated)
            return std::unexpected(std::move(updated.error()));
    if (!change.new_address) return changed;
    const auto wanted = find_place(rows, *change.new_address);
    if (!wanted) return std::unexpected(wanted.error());
    if (wanted->address == account.address) return changed;
    if (auto renamed = rename(rows, account, *change.new_address); !renamed)
        return std::unexpected(std::move(renamed.error()));
    return Changed{};
}

Result<Changed> remove_account(Repository& rows, const directory::Account& account, WallTime now) {
    if (auto deleted = rows.delete_account(account.id, now); !deleted)
        return std::unexpected(std::move(deleted.error()));
    // A postmaster that nobody has any more: back to the account that was made first.
    const auto postmaster = rows.postmaster();
    if (!postmaster) return std::unexpected(postmaster.error());
    if (*postmaster == account.address)
        if (auto cleared = rows.set_postmaster(""); !cleared)
            return std::unexpected(std::move(cleared.error()));
    return Changed{};
}

Result<Changed> add_address(Repository& rows, std::string_view address, std::string_view account) {
    const auto owner = find_account(rows, account);
    if (!owner) return std::unexpected(owner.error());
    const auto place = find_place(rows, address);
    if (!place) return std::unexpected(place.error());
    const auto taken = rows.find_address(place->domain.id, place->localpart);
    if (!taken) return std::unexpected(taken.error());
    if (*taken && (*taken)->id == owner->id) return Changed{false};
    const auto free = find_new_place(rows, address);
    if (!free) return std::unexpected(free.error());
    if (auto inserted = rows.insert_address(owner->id, free->domain.id, free->localpart); !inserted)
        return std::unexpected(std::move(inserted.error()));
    return Changed{};
}

Result<Changed> remove_address(Repository& rows, std::string_view address) {
    const auto owner = find_account(rows, address);
    if (!owner) return std::unexpected(owner.error());
    const auto place = find_place(rows, address);
    if (!place) return std::unexpected(place.error());
    if (place->address == owner->address)
        return fail(Errc::conflict, place->address +
                                        " is the account's own address; rename or remove the "
                                        "account instead");
    if (auto deleted = rows.delete_address(place->domain.id, place->localpart); !deleted)
        return std::unexpected(std::move(deleted.error()));
    return Changed{};
}

} // namespace maild::directory::rules
