#pragma once
// Where passwords are hashed, and DKIM keys made: on a bounded pool beside the io_context, or at
// once in tests.

#include "maild/auth/password.hpp"
#include "maild/base/clock.hpp"
#include "maild/net/blocking.hpp"
#include "maild/net/task.hpp"
#include "maild/policy/dkim_private_key.hpp"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::directory {

// One password to be made into what is stored, or to be compared with that.
struct PasswordJob {
    enum class Kind : std::uint8_t {
        none,
        keep,
        hash,
        verify,
        keys
    }; // keep: `hash` is already what is stored; keys: of an app password, which is made here
    Kind kind = Kind::none;
    std::string password{};
    std::string hash{}; // verify: compared with; hash: the result
    // verify: what a nobody is compared with. If `hash` is of another kind (imported, and perhaps
    // cheap) and does not match, this is compared as well, or the time would tell who exists.
    std::string also{};
    std::string salt{}; // of SCRAM keys that are to be made
    // verify: a password that matches is also hashed and gets its keys.
    bool completes = false;
    std::string scram{};         // result: SCRAM-SHA-256 keys
    std::string scram_sha1{};    // result
    bool matches = false;        // result of verify
    unsigned compared = 0;       // and how many hashes it took
    std::optional<Errc> error{}; // why `hash` stayed empty
};

// What an admin gave as a password: nothing, a ready hash, or a plain one; else one sentence.
Result<PasswordJob> plan_password(std::string_view given);

// Does the job on the calling thread.
void run_job(PasswordJob& job, const auth::PasswordCost& cost, Random& random);

class Hasher {
public:
    virtual ~Hasher() = default;
    // busy when too many wait already.
    virtual net::Task<Result<PasswordJob>> run(PasswordJob job) = 0;
    // Many, in parallel, beside those of run().
    virtual net::Task<Result<std::vector<PasswordJob>>> run_all(std::vector<PasswordJob> jobs) = 0;
    using DkimKeys = std::vector<policy::dkim::PrivateKey>;
    // A new one for each, beside what the others run; busy likewise.
    virtual net::Task<Result<DkimKeys>>
    make_keys(std::vector<policy::dkim::Algorithm> algorithms) = 0;
};

class PooledHasher final : public Hasher {
public:
    PooledHasher(boost::asio::io_context& io, const auth::PasswordCost& cost, std::size_t threads,
                 std::size_t queue_limit)
        : cost_(cost),
          threads_(threads),
          logins_(io, threads, queue_limit),
          imports_(io, threads, 4 * threads) {}
    net::Task<Result<PasswordJob>> run(PasswordJob job) override;
    net::Task<Result<std::vector<PasswordJob>>> run_all(std::vector<PasswordJob> jobs) override;
    net::Task<Result<DkimKeys>> make_keys(std::vector<policy::dkim::Algorithm> algorithms) override;

private:
    auth::PasswordCost cost_;
    std::size_t threads_;
    net::BlockingPool logins_;
    net::BlockingPool imports_;
};

// For tests: no pool, and it counts.
class InlineHasher final : public Hasher {
public:
    InlineHasher(const auth::PasswordCost& cost, Random& random) : cost_(cost), random_(random) {}
    net::Task<Result<PasswordJob>> run(PasswordJob job) override;
    net::Task<Result<std::vector<PasswordJob>>> run_all(std::vector<PasswordJob> jobs) override;
    net::Task<Result<DkimKeys>> make_keys(std::vector<policy::dkim::Algorithm> algorithms) override;
    std::uint64_t verified() const { return verified_; }

private:
    auth::PasswordCost cost_;
    Random& random_;
    std::uint64_t verified_ = 0;
};

} // namespace maild::directory
