#pragma once
// What `control` may change in the directory for an admin. Each call is one transaction, synced
// before it returns, and holds for the next resolve() or login(). Adding what exists alike is
// success with `changed` false. Errors carry in `internal` one clear sentence for the admin (no
// secrets in it).

#include "maild/auth/login_guard.hpp"
#include "maild/auth/token.hpp"
#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"
#include "maild/base/ids.hpp"
#include "maild/directory/app_password.hpp"
#include "maild/directory/dkim.hpp"
#include "maild/directory/submission.hpp"
#include "maild/net/task.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace maild::directory {

struct DomainLimits {
    std::uint64_t max_accounts = 0;        // 0: none, here and below
    std::uint64_t default_quota_bytes = 0; // for accounts that have none of their own
};

struct Domain {
    DomainId id;
    std::string name; // A-labels, lower case
    bool is_disabled = false;
    std::string disabled_reason;
    std::string catch_all;                  // address, empty without
    std::string subaddress_separator = "+"; // empty: no subaddresses
    DomainLimits limits;
    std::uint64_t accounts = 0;       // filled in by list and show
    std::vector<std::string> aliases; // other domains that mean this one
    WallTime created;
};

struct Account {
    AccountId id;
    ShardId shard;
    std::string address;
    std::vector<std::string> other_addresses;
    bool is_disabled = false;
    std::string disabled_reason;
    std::uint64_t quota_bytes = 0; // its own; 0: the domain's default
    std::uint64_t quota_messages = 0;
    WallTime created;
    WallTime password_changed;
    SendSettings sending = {};
};

struct Alias {
    std::string pattern; // an address, or with '*' in the localpart: shop-*@example.org
    std::vector<std::string> targets; // local or remote addresses
};

struct Changed {
    bool changed = true; // false: it was so already
};

struct NewAccount {
    std::string address;
    std::string password; // plain, or a hash in PHC form ("$argon2id$…"); empty: no login
    std::uint64_t quota_bytes = 0;
};

struct ImportRow {
    std::uint32_t line = 0;
    NewAccount account;
    std::string fault = {}; // what is wrong with the line already; it is reported with the others
};
struct ImportError {
    std::uint32_t line = 0;
    std::string what;
};
struct ImportResult {
    std::uint32_t added = 0;
    std::uint32_t unchanged = 0;
    std::vector<ImportError> errors; // with any error nothing was written
};

struct AccountChange {
    std::optional<bool> disabled;
    std::string disabled_reason;
    std::optional<std::string> new_address; // rename
    std::optional<std::string> password;
    std::optional<std::uint64_t> quota_bytes;
    std::optional<std::uint64_t> quota_messages;
    SendChange sending = {};
};

struct DomainChange {
    std::optional<bool> disabled;
    std::string disabled_reason;
    std::optional<std::string> catch_all;
    std::optional<std::string> subaddress_separator;
    std::optional<DomainLimits> limits;
};

struct LastLogin {
    std::string service; // as name_of(Service)
    std::string address; // of the peer
    WallTime at;
};
struct LoginFailures { // of one network, since the last login that succeeded from there
    std::string network;
    std::string service; // of the last one
    std::uint32_t count = 0;
    WallTime first;
    WallTime last;
};
inline constexpr std::uint32_t kFailingNetworks =
    8; // kept for each account: those that failed last
struct AccountLogins {
    std::vector<LastLogin> logins; // the last of each service, the youngest first
    std::vector<LoginFailures> failures;
};

inline constexpr std::size_t kMaxHiddenCapabilities = 100;  // of one account
inline constexpr std::size_t kMaxHiddenCapabilityName = 64; // octets

class DirectoryAdmin {
public:
    virtual ~DirectoryAdmin() = default;

    virtual net::Task<Result<Changed>> add_domain(std::string name) = 0;
    virtual net::Task<Result<std::vector<Domain>>> list_domains() = 0;
    virtual net::Task<Result<Domain>> show_domain(std::string name) = 0; // no_such_domain
    virtual net::Task<Result<Changed>> change_domain(std::string name, DomainChange change) = 0;
    // Errc::conflict while it has accounts.
    virtual net::Task<Result<Changed>> remove_domain(std::string name) = 0;
    virtual net::Task<Result<Changed>> add_domain_alias(std::string alias, std::string domain) = 0;
    virtual net::Task<Result<Changed>> remove_domain_alias(std::string alias) = 0;

    virtual net::Task<Result<Changed>> add_account(NewAccount account) = 0;
    virtual net::Task<Result<std::vector<Account>>>
    list_accounts(std::string domain, std::string after,
                  std::uint32_t limit) = 0;                                   // empty domain: all
    virtual net::Task<Result<Account>> show_account(std::string address) = 0; // no_such_account
    virtual net::Task<Result<Changed>> change_account(std::string address,
                                                      AccountChange change) = 0;
    virtual net::Task<Result<Changed>> remove_account(std::string address) = 0;
    virtual net::Task<Result<ImportResult>> import_accounts(std::vector<ImportRow> rows) = 0;

    // One more address for an account, or one that is not its own any more (the first one goes only
    // by rename).
    virtual net::Task<Result<Changed>> add_address(std::string address, std::string account) = 0;
    virtual net::Task<Result<Changed>> remove_address(std::string address) = 0;

    // Adds targets to one that exists.
    virtual net::Task<Result<Changed>> add_alias(Alias alias) = 0;
    virtual net::Task<Result<std::vector<Alias>>> list_aliases(std::string domain) = 0;
    virtual net::Task<Result<Changed>> remove_alias(Alias alias) = 0; // no targets: the whole alias

    // Who gets mail to <Postmaster>, and to postmaster and abuse of every domain here where nobody
    // has that address (RFC 5321 §4.5.1, RFC 2142 §4). Until it is set: the account that was made
    // first.
    virtual net::Task<Result<Changed>> set_postmaster(std::string address) = 0;

    // Networks that may not log in, the youngest first: those that guessed and those of an admin.
    virtual net::Task<Result<std::vector<auth::Ban>>> list_bans() = 0;
    // An admin's, from now on: network, until and reason are taken. Refused for a trusted network
    // and for half the world.
    virtual net::Task<Result<Changed>> add_ban(auth::Ban ban) = 0;
    virtual net::Task<Result<Changed>> remove_ban(net::Network network) = 0;
    // Networks whose logins failed lately and that are not banned, the newest first, at most a
    // thousand.
    virtual net::Task<Result<std::vector<auth::LoginGuard::Suspect>>> list_suspects() = 0;
    // Where the account has logged in, and from where it failed.
    virtual net::Task<Result<AccountLogins>> account_logins(std::string address) = 0;

    // The new app password, which is not kept anywhere.
    virtual net::Task<Result<std::string>> add_app_password(NewAppPassword wanted) = 0;
    virtual net::Task<Result<std::vector<AppPassword>>>
    list_app_passwords(std::string address) = 0; // sorted by name
    virtual net::Task<Result<Changed>> remove_app_password(std::string address,
                                                           std::string name) = 0;

    // What IMAP does not tell the account's programs, from the next login on. `name` as
    // imap::find_capability() spells it; only its form is looked at here.
    virtual net::Task<Result<Changed>> hide_capability(std::string address, std::string name) = 0;
    virtual net::Task<Result<std::vector<std::string>>>
    list_hidden_capabilities(std::string address) = 0; // sorted
    virtual net::Task<Result<Changed>> unhide_capability(std::string address, std::string name) = 0;

    // Accounts that have submitted something today, those with most messages first, at most a
    // thousand.
    virtual net::Task<Result<std::vector<SentToday>>> list_sent() = 0;
    // As if the account had submitted nothing today, and nobody had guessed at its password.
    virtual net::Task<Result<Changed>> forget_sent(std::string address) = 0;
    // As if no login from this network, or one in it, had failed lately. A ban is another matter.
    virtual net::Task<Result<Changed>> forget_failures(net::Network network) = 0;
    virtual net::Task<Result<LimitTally>> limit_tally() = 0;

    // `domain`: a domain's name or an alias's, whose mail is to be signed. The keys as they are
    // then, `published`; all of them or none.
    virtual net::Task<Result<std::vector<DkimKey>>>
    add_dkim_keys(std::string domain, std::vector<NewDkimKey> wanted) = 0;
    // Removed ones too, the oldest first; of all domains if it is empty.
    virtual net::Task<Result<std::vector<DkimKey>>> list_dkim_keys(std::string domain) = 0;
    // All of the moves at once or none: published → active or removed, active → retired,
    // retired → active or removed. What a key is already is no fault.
    virtual net::Task<Result<Changed>> move_dkim_keys(std::string domain,
                                                      std::vector<DkimMove> moves) = 0;

    // To read the account that reports come to (Right::access), and no other. not_found where the
    // configuration names none; no_such_account, no_such_domain.
    virtual net::Task<Result<auth::Token>> reports_grant() = 0;
};

template <class Codec> void describe(Codec& c, LastLogin& l) { c(l.service, l.address, l.at); }
template <class Codec> void describe(Codec& c, LoginFailures& f) {
    c(f.network, f.service, f.count, f.first, f.last);
}
template <class Codec> void describe(Codec& c, AccountLogins& l) { c(l.logins, l.failures); }

template <class Codec> void describe(Codec& c, DomainLimits& l) {
    c(l.max_accounts, l.default_quota_bytes);
}
template <class Codec> void describe(Codec& c, Domain& d) {
    c(d.id, d.name, d.is_disabled, d.disabled_reason, d.catch_all, d.subaddress_separator, d.limits,
      d.accounts, d.aliases, d.created);
}
template <class Codec> void describe(Codec& c, Account& a) {
    c(a.id, a.shard, a.address, a.other_addresses, a.is_disabled, a.disabled_reason, a.quota_bytes,
      a.quota_messages, a.created, a.password_changed, a.sending);
}
template <class Codec> void describe(Codec& c, Alias& a) { c(a.pattern, a.targets); }
template <class Codec> void describe(Codec& c, Changed& changed) { c(changed.changed); }
template <class Codec> void describe(Codec& c, NewAccount& a) {
    c(a.address, a.password, a.quota_bytes);
}
template <class Codec> void describe(Codec& c, ImportRow& r) { c(r.line, r.account, r.fault); }
template <class Codec> void describe(Codec& c, ImportError& e) { c(e.line, e.what); }
template <class Codec> void describe(Codec& c, ImportResult& r) {
    c(r.added, r.unchanged, r.errors);
}
template <class Codec> void describe(Codec& c, AccountChange& a) {
    c(a.disabled, a.disabled_reason, a.new_address, a.password, a.quota_bytes, a.quota_messages,
      a.sending);
}
template <class Codec> void describe(Codec& c, DomainChange& d) {
    c(d.disabled, d.disabled_reason, d.catch_all, d.subaddress_separator, d.limits);
}

} // namespace maild::directory
