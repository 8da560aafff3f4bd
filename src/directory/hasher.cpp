#include "directory/hasher.hpp"

#include "maild/auth/login_secret.hpp"
#include "maild/auth/scram.hpp"
#include "maild/base/ensure.hpp"
#include "maild/net/timer.hpp"

#include <chrono>
#include <memory>
#include <utility>

namespace maild::directory {
namespace {

void make_keys(PasswordJob& job) {
    ensure(!job.salt.empty(), "a salt for SCRAM keys");
    const auto keys_of = [&job](auth::ScramHash hash) {
        return auth::format_scram_keys(auth::make_scram_keys(hash, job.password, job.salt));
    };
    job.scram = keys_of(auth::ScramHash::sha256);
    job.scram_sha1 = keys_of(auth::ScramHash::sha1);
}

// A hash that cannot be made now leaves the old one.
void complete(PasswordJob& job, const auth::PasswordCost& cost, Random& random) {
    make_keys(job);
    if (!auth::is_outdated_hash(job.hash)) return;
    auto hash = auth::hash_password(job.password, cost, random);
    if (hash) job.hash = std::move(*hash);
}

Result<Hasher::DkimKeys> make_dkim_keys(const std::vector<policy::dkim::Algorithm>& algorithms) {
    Hasher::DkimKeys keys;
    for (const auto algorithm : algorithms) {
        auto key = policy::dkim::PrivateKey::generate(algorithm);
        if (!key) return std::unexpected(std::move(key.error()));
        keys.push_back(std::move(*key));
    }
    return keys;
}

// What the threads of one run_all() share: they take the next job until none is left.
struct Batch {
    std::vector<PasswordJob> jobs;
    std::atomic<std::size_t> next = 0;
    std::size_t threads_done = 0; // io_context's thread only
    net::Event done;
};

} // namespace

Result<PasswordJob> plan_password(std::string_view given) {
    PasswordJob job;
    if (given.empty()) return job;
    if (auth::is_password_hash(given)) {
        auto hash = auth::parse_password_hash(given);
        if (!hash) return std::unexpected(std::move(hash.error()));
        job.kind = PasswordJob::Kind::keep;
        job.hash = std::move(*hash);
        return job;
    }
    if (auto checked = auth::check_new_password(given); !checked)
        return std::unexpected(std::move(checked.error()));
    job.kind = PasswordJob::Kind::hash;
    job.password = given;
    return job;
}

void run_job(PasswordJob& job, const auth::PasswordCost& cost, Random& random) {
    if (job.kind == PasswordJob::Kind::verify) {
        job.matches = auth::verify_password(job.password, job.hash);
        job.compared = 1;
        if (!job.matches && auth::is_outdated_hash(job.hash)) {
            static_cast<void>(auth::verify_password(job.password, job.also));
            ++job.compared;
        }
        if (job.matches && job.completes) complete(job, cost, random);
    } else if (job.kind == PasswordJob::Kind::hash) {
        auto hash = auth::hash_password(job.password, cost, random);
        if (!hash) {
            job.error = hash.error().code;
            return;
        }
        job.hash = std::move(*hash);
        make_keys(job);
    } else if (job.kind == PasswordJob::Kind::keys) {
        job.password = auth::make_app_password(random);
        make_keys(job);
    }
}

net::Task<Result<PasswordJob>> PooledHasher::run(PasswordJob job) {
    auto work = [job = std::move(job), cost = cost_]() mutable {
        SystemRandom random;
        run_job(job, cost, random);
        return std::move(job);
    };
    auto result = co_await net::run_blocking(logins_, std::move(work));
    co_return result;
}

net::Task<Result<std::vector<PasswordJob>>> PooledHasher::run_all(std::vector<PasswordJob> jobs) {
    auto batch = std::make_shared<Batch>();
    batch->jobs = std::move(jobs);
    std::size_t started = 0;
    for (std::size_t i = 0; i < threads_; ++i) {
        auto work = [batch, cost = cost_] {
            SystemRandom random;
            for (auto k = batch->next++; k < batch->jobs.size(); k = batch->next++)
                run_job(batch->jobs[k], cost, random);
        };
        auto done = [batch] {
            ++batch->threads_done;
            batch->done.notify();
        };
        if (imports_.submit(std::move(work), std::move(done))) ++started;
    }
    if (started == 0) co_return fail(Errc::busy, "too many imports wait");
    while (batch->threads_done < started) co_await batch->done.wait(std::chrono::hours(1));
    co_return std::move(batch->jobs);
}

net::Task<Result<PasswordJob>> InlineHasher::run(PasswordJob job) {
    run_job(job, cost_, random_);
    verified_ += job.compared;
    co_return job;
}

net::Task<Result<std::vector<PasswordJob>>> InlineHasher::run_all(std::vector<PasswordJob> jobs) {
    for (auto& job : jobs) run_job(job, cost_, random_);
    co_return jobs;
}

net::Task<Result<Hasher::DkimKeys>>
PooledHasher::make_keys(std::vector<policy::dkim::Algorithm> algorithms) {
    auto work = [algorithms = std::move(algorithms)] {
        return std::make_unique<Result<DkimKeys>>(make_dkim_keys(algorithms));
    };
    auto made = co_await net::run_blocking(imports_, std::move(work));
    if (!made) co_return std::unexpected(std::move(made.error()));
    co_return std::move(**made);
}

net::Task<Result<Hasher::DkimKeys>>
InlineHasher::make_keys(std::vector<policy::dkim::Algorithm> algorithms) {
    co_return make_dkim_keys(algorithms);
}

} // namespace maild::directory
