#include "daemon/rebuild_program.hpp"

#include "daemon/account.hpp"
#include "daemon/detach.hpp"
#include "daemon/directories.hpp"
#include "daemon/pid_file.hpp"
#include "daemon/privileges.hpp"
#include "daemon/sandbox.hpp"

#include "maild/base/log.hpp"
#include "maild/control/protocol.hpp"
#include "maild/store/rebuild.hpp"

#include <boost/json/array.hpp>

#include <charconv>
#include <cstdio>
#include <optional>
#include <unistd.h>

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;

constexpr std::string_view kNotRestored =
    "not restored: flags as they were changed after delivery, and which mailboxes were not "
    "subscribed (all are now); expunged mail is kept for another retention time\n";

std::optional<ShardId> parse_shard(std::string_view text, std::uint32_t count) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value >= count)
        return std::nullopt;
    return ShardId(value);
}

// The daemon is stopped, and stays so for as long as the lock is held; then the store's user.
Result<PidFile> take_over(const Config& config) {
    if (auto made = make_directories(config, ::geteuid() == 0); !made)
        return std::unexpected(std::move(made.error()));
    auto lock = PidFile::lock(config.paths.lock_file(), config.paths.pid_file());
    if (!lock) return lock;
    lock->remove(); // it names nobody; made anew by the daemon
    auto done = preload_libraries();
    SandboxFacts facts;
    if (done) done = drop_privileges(identity_of(config.users.store), facts);
    if (done) set_umask();
    if (done) done = enter_sandbox(Role::store, config, facts);
    if (!done) return std::unexpected(std::move(done.error()));
    return lock;
}

class Rebuilder {
public:
    explicit Rebuilder(const Config& config) : config_(config) {}

    // False: that one failed, and the reply says why.
    bool rebuild(ShardId shard, const std::string& why) {
        const auto directory = store::shard_directory(config_.paths.shards(), shard);
        const auto report = store::rebuild(files_, clock_, random_, directory);
        const auto name = "shard " + std::to_string(shard.value);
        if (!report) {
            error_ = name + " was not rebuilt, and is as it was: " + report.error().internal;
            exit_ = control::exit_for(report.error().code);
            return false;
        }
        text_ += name + (why.empty() ? "" : " (" + why + ")") + ": " + words_for(*report);
        shards_.push_back(to_json(shard, why, *report));
        return true;
    }

    bool rebuild_damaged() {
        for (std::uint32_t number = 0; number < config_.store.shards; ++number) {
            const ShardId shard(number);
            const auto why =
                store::damage_of(files_, store::shard_directory(config_.paths.shards(), shard));
            if (!why) {
                error_ = "shard " + std::to_string(number) + ": " + why.error().internal;
                exit_ = control::exit_for(why.error().code);
                return false;
            }
            if (!why->empty() && !rebuild(shard, *why)) return false;
        }
        if (shards_.empty()) text_ = "no shard is damaged, nothing was rebuilt\n";
        return true;
    }

    Reply reply() && {
        if (!shards_.empty()) text_ += kNotRestored;
        return {.exit = exit_,
                .error = std::move(error_),
                .result = json::object{{"changed", !shards_.empty()},
                                       {"shards", std::move(shards_)},
                                       {"text", std::move(text_)}}};
    }

private:
    static std::string words_for(const store::RebuildReport& r) {
        auto text = "restored " + std::to_string(r.messages) + " messages in " +
                    std::to_string(r.mailboxes) + " mailboxes of " + std::to_string(r.accounts) +
                    " accounts, from " + std::to_string(r.records) + " records in " +
                    std::to_string(r.segments) + " packs\n";
        if (r.damaged_bytes > 0)
            text += "  lost: " + std::to_string(r.damaged_bytes) +
                    " octets of damaged records in the packs\n";
        if (r.damaged_segments > 0)
            text += "  lost: " + std::to_string(r.damaged_segments) + " packs without beginning\n";
        if (!r.kept.empty()) text += "  the old database is kept: " + r.kept + "\n";
        return text;
    }

    static json::object to_json(ShardId shard, const std::string& why,
                                const store::RebuildReport& r) {
        return {{"shard", shard.value},
                {"why", why},
                {"messages", r.messages},
                {"mailboxes", r.mailboxes},
                {"accounts", r.accounts},
                {"records", r.records},
                {"packs", r.segments},
                {"damaged_bytes", r.damaged_bytes},
                {"damaged_packs", r.damaged_segments},
                {"kept", r.kept}};
    }

    const Config& config_;
    SystemClock clock_;
    SystemRandom random_;
    PosixFileSystem files_;
    json::array shards_;
    std::string text_;
    std::string error_;
    int exit_ = control::kOk;
};

Reply run(const Config& config, const std::string& which) {
    const auto shard = parse_shard(which, config.store.shards);
    if (!shard && which != "damaged") {
        return control::failure(control::kUsage, "no shard " + which + ": there are 0 to " +
                                                     std::to_string(config.store.shards - 1) + ".");
    }
    const auto lock = take_over(config);
    if (!lock && lock.error().code == Errc::busy) {
        return control::failure(control::kTemporary,
                                lock.error().internal + ": stop it first, mailctl server stop.");
    }
    if (!lock) return control::failure(lock.error());
    Rebuilder rebuilder(config);
    if (shard)
        rebuilder.rebuild(*shard, {});
    else
        rebuilder.rebuild_damaged();
    return std::move(rebuilder).reply();
}

} // namespace

int rebuild_shards(const Config& config, const std::string& which) {
    const auto reply = run(config, which);
    std::puts(control::format_reply(reply).c_str());
    return reply.exit;
}

} // namespace maild::daemon
