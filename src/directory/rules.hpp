#pragma once
// What an admin may change, checked and carried out on the rows. Synchronous; the caller holds the
// transaction around each call and takes it back when the result is an error or not `changed`.
// Errors carry one sentence for the admin.

#include "directory/repository.hpp"

#include <string>
#include <string_view>

namespace maild::directory::rules {

// Of a domain: each may be tried for each recipient.
inline constexpr std::size_t kMaxPatterns = 1'000;
inline constexpr std::size_t kMaxStarsInPattern = 4;
inline constexpr std::size_t kMaxReasonLength = 500; // octets

// An address in a domain of ours, behind the domain's alias.
struct Place {
    Lookup::Domain domain;
    std::string domain_name;
    std::string localpart;
    std::string address;
};
// invalid_argument, no_such_domain
Result<Place> find_place(Repository& rows, std::string_view address);
// As above, then no_such_account. Any of its addresses will do.
Result<directory::Account> find_account(Repository& rows, std::string_view address);
// By its name or an alias of it; no_such_domain.
Result<directory::Domain> find_domain(Repository& rows, std::string_view name);

Result<Changed> add_domain(Repository& rows, std::string_view name, WallTime now);
Result<Changed> change_domain(Repository& rows, std::string_view name, const DomainChange& change);
Result<Changed> remove_domain(Repository& rows, std::string_view name);
Result<Changed> add_domain_alias(Repository& rows, std::string_view alias, std::string_view domain);
Result<Changed> remove_domain_alias(Repository& rows, std::string_view alias);

// The place for a new account; fails when the address is taken or not allowed, or the domain is
// full.
Result<Place> check_new_account(Repository& rows, const NewAccount& account);
Result<AccountId> insert_account(Repository& rows, const Place& place, std::uint64_t quota_bytes,
                                 WallTime now);
// Everything but the password.
Result<Changed> change_account(Repository& rows, directory::Account account,
                               const AccountChange& change);
Result<Changed> remove_account(Repository& rows, const directory::Account& account, WallTime now);
Result<Changed> add_address(Repository& rows, std::string_view address, std::string_view account);
Result<Changed> remove_address(Repository& rows, std::string_view address);

Result<Changed> add_alias(Repository& rows, const Alias& alias);
Result<Changed> remove_alias(Repository& rows, const Alias& alias);
Result<Changed> set_postmaster(Repository& rows, std::string_view address);

// A name that may sign: of a domain or of a domain alias; no_such_domain.
Result<std::string> find_signing_name(Repository& rows, std::string_view name);
// A key as it is stored at first; fails where the selector is taken or none, or there are too many.
Result<StoredDkimKey> plan_dkim_key(Repository& rows, const std::string& domain,
                                    const NewDkimKey& wanted, const policy::dkim::PrivateKey& key,
                                    WallTime now);
// All of them, or the first sentence why not.
Result<Changed> move_dkim_keys(Repository& rows, const std::string& domain,
                               const std::vector<DkimMove>& moves, WallTime now);

// Shared by the above.
Result<void> check_quota(std::uint64_t quota);
Result<void> check_reason(std::string_view reason);

} // namespace maild::directory::rules
