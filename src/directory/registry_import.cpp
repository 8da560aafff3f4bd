// New accounts, one or thousands: looked at first, then hashed beside the loop, then written in one
// transaction.
#include "directory/hasher.hpp"
#include "directory/registry_login.hpp"
#include "directory/repository.hpp"
#include "directory/rules.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/registry.hpp"

#include <unordered_map>
#include <utility>

namespace maild::directory {
namespace {

constexpr std::size_t kMaxImportRows = 100'000;

std::unexpected<Error> exists(const std::string& address, const char* how) {
    return fail(Errc::already_exists, address + " exists already" + how);
}

} // namespace

// One account that is to be there afterwards.
struct Registry::Addition {
    std::string address;   // canonical
    bool is_there = false; // alike, if the password turns out to be the same
    PasswordJob job;
};

// Of an account that is there: the salt stays when the password changes.
Result<std::string> Registry::salt_for(const std::string& account) {
    auto found = rules::find_account(*rows_, account);
    if (!found) return std::unexpected(std::move(found.error()));
    Login login;
    auto credential = rows_->load_credential(found->id);
    if (!credential) return std::unexpected(std::move(credential.error()));
    login.credential = std::move(*credential);
    login.name = found->address;
    auto apps = rows_->list_app_passwords(found->id);
    if (!apps) return std::unexpected(std::move(apps.error()));
    login.app_passwords = std::move(*apps);
    return salt_of(login);
}

Result<void> Registry::store_password(AccountId account, const PasswordJob& job) {
    if (job.error) return fail(*job.error, "the password could not be hashed");
    auto credential = rows_->load_credential(account);
    if (!credential) return std::unexpected(std::move(credential.error()));
    ++credential->version;
    credential->hash = job.hash;
    credential->scram = job.scram;
    credential->scram_sha1 = job.scram_sha1;
    return rows_->store_credential(account, *credential, clock_.now());
}

Result<void> Registry::plan_existing(Addition& addition, AccountId id, const NewAccount& account) {
    addition.is_there = true;
    const auto existing = rows_->load_account(id);
    if (!existing) return std::unexpected(existing.error());
    if (!*existing || (*existing)->address != addition.address)
        return exists(addition.address, " as another address of an account");
    if ((*existing)->quota_bytes != account.quota_bytes)
        return exists(addition.address, " with another quota");
    if (addition.job.kind == PasswordJob::Kind::none) return {};
    const auto credential = rows_->load_credential(id);
    if (!credential) return std::unexpected(credential.error());
    if (addition.job.kind == PasswordJob::Kind::hash) {
        addition.job.kind = PasswordJob::Kind::verify;
        addition.job.hash = credential->hash;
    } else if (addition.job.hash != credential->hash) {
        return exists(addition.address, " with another password");
    }
    return {};
}

Result<Registry::Addition> Registry::plan_addition(const NewAccount& account) {
    Addition addition;
    auto place = rules::find_place(*rows_, account.address);
    if (!place) return std::unexpected(std::move(place.error()));
    addition.address = place->address;
    auto job = plan_password(account.password);
    if (!job) return std::unexpected(std::move(job.error()));
    addition.job = std::move(*job);
    addition.job.salt = secret_.salt_for(addition.address);
    const auto taken = rows_->find_address(place->domain.id, place->localpart);
    if (!taken) return std::unexpected(taken.error());
    if (*taken) {
        if (auto planned = plan_existing(addition, (*taken)->id, account); !planned)
            return std::unexpected(std::move(planned.error()));
    } else if (auto checked = rules::check_new_account(*rows_, account); !checked) {
        return std::unexpected(std::move(checked.error()));
    }
    return addition;
}

// Inside a transaction; everything is checked again, because hashing took time.
Result<Changed> Registry::add(const Addition& addition, const NewAccount& account) {
    const auto& job = addition.job;
    if (addition.is_there) {
        if (job.kind == PasswordJob::Kind::verify && !job.matches)
            return exists(addition.address, " with another password");
        return Changed{false};
    }
    const auto place = rules::check_new_account(*rows_, account);
    if (!place) return std::unexpected(place.error());
    const auto id = rules::insert_account(*rows_, *place, account.quota_bytes, clock_.now());
    if (!id) return std::unexpected(id.error());
    if (job.kind != PasswordJob::Kind::none)
        if (auto stored = store_password(*id, job); !stored)
            return std::unexpected(std::move(stored.error()));
    return Changed{};
}

net::Task<Result<Changed>> Registry::add_account(NewAccount account) {
    auto planned = plan_addition(account);
    if (!planned) co_return std::unexpected(planned.error());
    auto addition = std::move(*planned);
    if (addition.job.kind == PasswordJob::Kind::hash ||
        addition.job.kind == PasswordJob::Kind::verify) {
        auto done = co_await hasher_->run(std::move(addition.job));
        if (!done) co_return std::unexpected(done.error());
        addition.job = std::move(*done);
    }
    co_return change("add account", addition.address, [&] { return add(addition, account); });
}

ImportResult Registry::plan_import(const std::vector<ImportRow>& rows,
                                   std::vector<Addition>& additions) {
    ImportResult result;
    std::unordered_map<std::string, std::uint32_t> lines;
    for (const auto& row : rows) {
        if (!row.fault.empty()) {
            result.errors.push_back({row.line, row.fault});
            continue;
        }
        auto addition = plan_addition(row.account);
        if (!addition) {
            result.errors.push_back({row.line, std::move(addition.error().internal)});
            continue;
        }
        const auto [first, is_new] = lines.try_emplace(addition->address, row.line);
        if (!is_new)
            result.errors.push_back({row.line, addition->address + " stands in line " +
                                                   std::to_string(first->second) + " already"});
        additions.push_back(std::move(*addition));
    }
    return result;
}

Result<ImportResult> Registry::carry_out(const std::vector<ImportRow>& rows,
                                         const std::vector<Addition>& additions) {
    ImportResult result;
    if (auto begun = rows_->begin(); !begun) return std::unexpected(std::move(begun.error()));
    for (std::size_t i = 0; i < rows.size(); ++i) {
        auto added = add(additions[i], rows[i].account);
        if (!added)
            result.errors.push_back({rows[i].line, std::move(added.error().internal)});
        else
            ++(added->changed ? result.added : result.unchanged);
    }
    if (!result.errors.empty() || result.added == 0) {
        rows_->rollback();
        if (!result.errors.empty()) result.added = result.unchanged = 0;
        return result;
    }
    if (auto committed = rows_->commit(); !committed)
        return std::unexpected(std::move(committed.error()));
    log::info("directory_changed", {{"what", "import"}, {"accounts", result.added}});
    return result;
}

net::Task<Result<ImportResult>> Registry::import_accounts(std::vector<ImportRow> rows) {
    if (rows.size() > kMaxImportRows)
        co_return fail(Errc::limit_exceeded, "an import can have at most 100000 rows");
    std::vector<Addition> additions;
    auto looked_at = plan_import(rows, additions);
    if (!looked_at.errors.empty()) co_return looked_at;
    std::vector<PasswordJob> jobs;
    for (auto& addition : additions) jobs.push_back(std::move(addition.job));
    auto done = co_await hasher_->run_all(std::move(jobs));
    if (!done) co_return std::unexpected(done.error());
    for (std::size_t i = 0; i < additions.size(); ++i) additions[i].job = std::move((*done)[i]);
    co_return carry_out(rows, additions);
}

} // namespace maild::directory
