#include "daemon/store_role.hpp"

#include "maild/base/log.hpp"
#include "maild/imap/structure.hpp"
#include "maild/store/local_store.hpp"
#include "maild/store/service.hpp"

#include <chrono>
#include <optional>

namespace maild::daemon {
namespace {

store::LocalStoreOptions options_from(const Config& config) {
    store::LocalStoreOptions options;
    options.directory = config.paths.shards();
    options.shards.clear();
    for (std::uint32_t shard = 0; shard < config.store.shards; ++shard)
        options.shards.emplace_back(shard);
    options.watermark_bytes = config.store.min_free_bytes;
    options.retention = std::chrono::hours(24) * config.store.retention_days;
    options.has_index = config.store.search_index;
    options.page_cache_kib = config.memory.page_cache_kib;
    options.parse = imap::make_structure;
    return options;
}

class Store final : public RoleProgram {
public:
    Result<void> start(RoleContext& context) override {
        context_ = &context;
        auto options = options_from(context.config());
        options.faults = store::FaultRecord::parse(context.note());
        options.on_fault = [&context](const store::FaultRecord& record) {
            context.leave_note(record.format());
        };
        options.on_fatal = [&context](const Error& error) { context.fail(error); };
        options.on_trouble = [&context](const std::string& what) { context.set_status(what); };
        options.on_accepts_mail = [this] {
            if (service_) service_->announce_accepts_mail();
        };
        options.on_queued = [this](const std::vector<queue::Destination>& where) {
            if (service_) service_->announce_queued(where);
        };
        auto opened =
            store::LocalStore::open({context.io(), files_, clock_, random_},
                                    auth::TokenKey(context.token_secret()), std::move(options));
        if (!opened) return std::unexpected(std::move(opened.error()));
        store_ = std::move(*opened);
        service_.emplace(context.io(), *store_, *store_, *store_);
        service_->serve_queue(*store_, *store_);
        context.ready();
        return {};
    }

    void on_peer(Peer peer) override {
        const auto role = peer.role == Role::control  ? ipc::PeerRole::control
                          : peer.role == Role::sender ? ipc::PeerRole::sender
                                                      : ipc::PeerRole::worker;
        service_->attach(std::move(peer.socket), role, peer.index);
    }

    // A read-only shard is tried anew by a process that has forgotten its faults.
    void on_reload() override {
        if (!store_->has_read_only_shard()) return;
        log::info("store_tries_to_write_again");
        context_->leave_note({});
        on_drain({});
    }

    // The supervisor drains the workers first, so what they had acknowledged is done; the rest is
    // finished by closing.
    void on_drain(std::chrono::milliseconds) override {
        service_.reset();
        store_.reset();
        context_->finished();
    }

private:
    SystemClock clock_;
    SystemRandom random_;
    PosixFileSystem files_;
    RoleContext* context_ = nullptr;
    std::unique_ptr<store::LocalStore> store_;
    std::optional<store::Service> service_;
};

} // namespace

std::unique_ptr<RoleProgram> make_store() { return std::make_unique<Store>(); }

} // namespace maild::daemon
