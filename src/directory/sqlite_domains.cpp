// Domains and aliases in directory.db.
#include "directory/sqlite_read.hpp"
#include "directory/sqlite_repository.hpp"

#include <algorithm>

namespace maild::directory {
namespace {

std::string text(const db::Statement& row) { return row.column<std::string>(0); }

directory::Domain read_domain(const db::Statement& row) {
    directory::Domain domain;
    domain.id = row.column<DomainId>(0);
    domain.name = row.column<std::string>(1);
    domain.is_disabled = row.column<bool>(2);
    domain.disabled_reason = row.column<std::string>(3);
    domain.catch_all = row.column<std::string>(4);
    domain.subaddress_separator = row.column<std::string>(5);
    domain.limits.max_accounts = row.column<std::uint64_t>(6);
    domain.limits.default_quota_bytes = row.column<std::uint64_t>(7);
    domain.created = from_unix_seconds(row.column<std::int64_t>(8));
    domain.accounts = row.column<std::uint64_t>(9);
    return domain;
}

} // namespace

Result<std::vector<std::string>> SqliteRepository::domain_aliases(DomainId domain) {
    return read_rows(
        database_.query("SELECT name FROM domain_alias WHERE domain = ?1 ORDER BY name", domain),
        text);
}

Result<std::vector<directory::Domain>> SqliteRepository::list_domains() {
    auto domains =
        read_rows(database_.query("SELECT id, name, is_disabled, disabled_reason, catch_all,"
                                  " subaddress_separator, max_accounts, default_quota_bytes,"
                                  " created_at,"
                                  " (SELECT count(*) FROM account WHERE account.domain = domain.id)"
                                  " FROM domain ORDER BY name"),
                  read_domain);
    if (!domains) return domains;
    for (auto& domain : *domains) {
        auto aliases = domain_aliases(domain.id);
        if (!aliases) return std::unexpected(std::move(aliases.error()));
        domain.aliases = std::move(*aliases);
    }
    return domains;
}

Result<std::optional<directory::Domain>> SqliteRepository::show_domain(const std::string& name) {
    auto domain =
        read_row(database_.query("SELECT id, name, is_disabled, disabled_reason, catch_all,"
                                 " subaddress_separator, max_accounts, default_quota_bytes,"
                                 " created_at,"
                                 " (SELECT count(*) FROM account WHERE account.domain = domain.id)"
                                 " FROM domain WHERE name = ?1",
                                 name),
                 read_domain);
    if (!domain || !*domain) return domain;
    auto aliases = domain_aliases((*domain)->id);
    if (!aliases) return std::unexpected(std::move(aliases.error()));
    (*domain)->aliases = std::move(*aliases);
    return domain;
}

Result<std::uint64_t> SqliteRepository::most_accounts(DomainId domain) {
    const auto most =
        read_row(database_.query("SELECT max_accounts FROM domain WHERE id = ?1", domain),
                 [](const db::Statement& row) { return row.column<std::uint64_t>(0); });
    if (!most) return std::unexpected(most.error());
    return most->value_or(0);
}

Result<void> SqliteRepository::insert_domain(const directory::Domain& domain) {
    return ran(database_.execute(
        "INSERT INTO domain (name, is_disabled, disabled_reason, catch_all, subaddress_separator,"
        " max_accounts, default_quota_bytes, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        domain.name, domain.is_disabled, domain.disabled_reason, domain.catch_all,
        domain.subaddress_separator, stored(domain.limits.max_accounts),
        stored(domain.limits.default_quota_bytes), to_unix_seconds(domain.created)));
}

Result<void> SqliteRepository::update_domain(const directory::Domain& domain) {
    return ran(database_.execute(
        "UPDATE domain SET is_disabled = ?2, disabled_reason = ?3, catch_all = ?4,"
        " subaddress_separator = ?5, max_accounts = ?6, default_quota_bytes = ?7 WHERE id = ?1",
        domain.id, domain.is_disabled, domain.disabled_reason, domain.catch_all,
        domain.subaddress_separator, stored(domain.limits.max_accounts),
        stored(domain.limits.default_quota_bytes)));
}

Result<void> SqliteRepository::delete_domain(DomainId domain) {
    return ran(database_.execute("DELETE FROM domain WHERE id = ?1", domain));
}

Result<std::uint64_t> SqliteRepository::count_addresses(DomainId domain) {
    const auto count =
        read_row(database_.query("SELECT count(*) FROM address WHERE domain = ?1", domain),
                 [](const db::Statement& row) { return row.column<std::uint64_t>(0); });
    if (!count) return std::unexpected(count.error());
    return count->value_or(0);
}

Result<void> SqliteRepository::insert_domain_alias(const std::string& name, DomainId domain) {
    return ran(
        database_.execute("INSERT INTO domain_alias (name, domain) VALUES (?1, ?2)", name, domain));
}

Result<void> SqliteRepository::delete_domain_alias(const std::string& name) {
    return ran(database_.execute("DELETE FROM domain_alias WHERE name = ?1", name));
}

Result<std::optional<std::int64_t>> SqliteRepository::alias_id(DomainId domain,
                                                               const std::string& localpart) {
    return read_row(database_.query("SELECT id FROM alias WHERE domain = ?1 AND localpart = ?2",
                                    domain, localpart),
                    [](const db::Statement& row) { return row.column<std::int64_t>(0); });
}

Result<void> SqliteRepository::insert_alias_target(DomainId domain, const std::string& localpart,
                                                   const std::string& target) {
    const auto made = database_.execute("INSERT INTO alias (domain, localpart, is_pattern)"
                                        " VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                                        domain, localpart, localpart.contains('*'));
    if (!made) return std::unexpected(made.error());
    const auto id = alias_id(domain, localpart);
    if (!id) return std::unexpected(id.error());
    return ran(database_.execute("INSERT INTO alias_target (alias, address) VALUES (?1, ?2)"
                                 " ON CONFLICT DO NOTHING",
                                 *id, target));
}

Result<void> SqliteRepository::delete_alias_target(DomainId domain, const std::string& localpart,
                                                   const std::string& target) {
    const auto id = alias_id(domain, localpart);
    if (!id) return std::unexpected(id.error());
    const auto deleted = database_.execute(
        "DELETE FROM alias_target WHERE alias = ?1 AND address = ?2", *id, target);
    if (!deleted) return std::unexpected(deleted.error());
    return ran(database_.execute("DELETE FROM alias WHERE id = ?1 AND NOT EXISTS"
                                 " (SELECT 1 FROM alias_target WHERE alias = ?1)",
                                 *id));
}

Result<void> SqliteRepository::delete_alias(DomainId domain, const std::string& localpart) {
    return ran(database_.execute("DELETE FROM alias WHERE domain = ?1 AND localpart = ?2", domain,
                                 localpart));
}

Result<std::vector<Alias>> SqliteRepository::list_aliases(std::optional<DomainId> domain) {
    struct Row {
        std::int64_t id;
        std::string pattern;
        std::string target;
    };
    auto rows = read_rows(
        database_.query("SELECT alias.id, alias.localpart, domain.name, alias_target.address"
                        " FROM alias JOIN domain ON domain.id = alias.domain"
                        " JOIN alias_target ON alias_target.alias = alias.id"
                        " WHERE ?1 IS NULL OR alias.domain = ?1 ORDER BY alias.id, alias_target.id",
                        domain),
        [](const db::Statement& row) {
            return Row{row.column<std::int64_t>(0),
                       mail::format_localpart(row.column<std::string_view>(1)) + "@" +
                           row.column<std::string>(2),
                       row.column<std::string>(3)};
        });
    if (!rows) return std::unexpected(std::move(rows.error()));
    std::vector<Alias> aliases;
    std::int64_t last = 0;
    for (auto& row : *rows) {
        if (row.id != last) aliases.push_back({std::move(row.pattern), {}});
        last = row.id;
        aliases.back().targets.push_back(std::move(row.target));
    }
    std::ranges::sort(aliases, {}, &Alias::pattern);
    return aliases;
}

} // namespace maild::directory
