#include "simulation/host.hpp"

#include "maild/net/sockets.hpp"
#include "maild/net/spawn.hpp"

#include <algorithm>
#include <fcntl.h>
#include <stdexcept>

namespace maild::simulation {

using maild::test::Survives;

bool Scheduler::run_one(std::uint64_t choice) {
    while (!later_.empty() && later_.begin()->first <= clock_.steady_now()) {
        ready_.push_back(std::move(later_.begin()->second));
        later_.erase(later_.begin());
    }
    if (ready_.empty()) return false;
    const auto chosen = ready_.begin() + std::ptrdiff_t(choice % ready_.size());
    auto work = std::move(*chosen);
    ready_.erase(chosen);
    work();
    return true;
}

void Scheduler::clear() {
    ready_.clear();
    later_.clear();
}

Host::Worker::Worker(Host& host)
    : line(host.io_, "store"),
      store(host.io_, line),
      smtp_backend(host.directory_, store, host.dns_, host.clock_, host.config_),
      imap_backend(host.directory_, store),
      smtp_gate("smtp", {}, host.clock_),
      imap_gate("imap", {}, host.clock_) {
    auto smtp_server = smtp::Server{.hostname = "mx.example.org",
                                    .limits = {},
                                    .backend = smtp_backend,
                                    .budget = host.budget_,
                                    .clock = host.clock_,
                                    .random = host.random_};
    smtp = std::make_shared<const smtp::Server>(std::move(smtp_server));
    imap = std::make_shared<const imap::Server>(
        imap::Server{.tls = nullptr,
                     .implicit_tls = false,
                     .plaintext = auth::PlaintextPolicy::loopback,
                     .limits = {.states_at_select = 3}, // some are read later
                     .backend = imap_backend,
                     .budget = host.budget_,
                     .clock = host.clock_});
}

Host::Host(std::uint64_t seed) : random_(seed), directory_(key_, clock_, random_) {
    config_.hostname = "mx.example.org";
    fill_directory();
    open_store();
    for (int i = 0; i < 2; ++i) workers_.push_back(std::make_unique<Worker>(*this));
    for (std::size_t i = 0; i < workers_.size(); ++i) restart_worker(i);
    finish();
}

Host::~Host() {
    service_.reset();
    store_.reset();
    for (int i = 0; i < 100; ++i) settle(); // the sessions, whose clients are gone
}

void Host::fill_directory() {
    if (!run(directory_.add_domain("example.org"))) throw std::runtime_error("add_domain");
    for (std::size_t i = 0; i < kUsers.size(); ++i) {
        (void)run(directory_.add_account({kUsers[i], "password", 0}));
        const auto account = run(directory_.show_account(kUsers[i]));
        if (!account) throw std::runtime_error(account.error().internal);
        accounts_[i] = account->id.value;
        shards_[i] = account->shard;
    }
    (void)run(directory_.add_alias({"all@example.org", {kUsers.begin(), kUsers.end()}}));
    (void)run(directory_.add_alias({"out@example.org", {"eve@remote.example"}}));
}

void Host::open_store() {
    store::LocalStoreOptions options;
    options.directory = "/shard";
    options.shards = {shards_.begin(), shards_.end()};
    std::ranges::sort(options.shards);
    const auto rest = std::ranges::unique(options.shards);
    options.shards.erase(rest.begin(), rest.end());
    options.watermark_bytes = 0;
    options.ballast_bytes = 0;
    options.readers = 1;
    options.checkpoint_pages = 100;
    options.segment_bytes = 64'000;
    options.vfs = vfs_.name();
    options.executor = &scheduler_;
    options.on_fatal = [this](const Error&) { is_dead_ = true; };
    auto opened = store::LocalStore::open({io_, disk_, clock_, random_}, key_, options);
    if (!opened) throw std::runtime_error("does not open: " + opened.error().internal);
    store_ = std::move(*opened);
    service_ = std::make_unique<store::Service>(io_, *store_, *store_, *store_);
    is_dead_ = false;
}

void Host::restart_store(Survives what, std::uint64_t seed) {
    disk_.cut_power_after(0);
    service_.reset();
    store_.reset();
    scheduler_.clear();
    settle();
    disk_.crash(what, seed);
    open_store();
    for (std::size_t i = 0; i < workers_.size(); ++i) restart_worker(i);
}

void Host::restart_worker(std::size_t worker) {
    auto ends = net::socket_pair().value();
    service_->attach(std::move(ends.first), ipc::PeerRole::worker, unsigned(worker));
    workers_[worker]->line.attach(std::move(ends.second));
    settle();
}

void Host::settle() {
    io_.restart();
    while (io_.poll() != 0) {
    }
}

void Host::finish() {
    do settle();
    while (run_store(0));
}

namespace {

UniqueFd client_end(std::pair<UniqueFd, UniqueFd>& ends) {
    const auto fd = ends.second.get();
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    return std::move(ends.second);
}

} // namespace

UniqueFd Host::connect_smtp(std::size_t worker) {
    auto ends = net::socket_pair().value();
    auto& on = *workers_[worker];
    auto pass = on.smtp_gate.admit("local");
    net::spawn(io_, smtp::serve(net::Stream(io_, std::move(ends.first)), std::move(*pass), on.smtp),
               "smtp");
    return client_end(ends);
}

UniqueFd Host::connect_imap(std::size_t worker) {
    auto ends = net::socket_pair().value();
    auto& on = *workers_[worker];
    auto pass = on.imap_gate.admit("local");
    net::spawn(io_, imap::serve(net::Stream(io_, std::move(ends.first)), std::move(*pass), on.imap),
               "imap");
    return client_end(ends);
}

template <class T> T Host::run(net::Task<T> task) {
    auto out = std::make_shared<std::optional<T>>();
    net::spawn(io_, maild::test::keep_result(std::move(task), out), "simulation");
    finish();
    if (!out->has_value()) throw std::runtime_error("no answer");
    return std::move(**out);
}

auth::Token Host::token(std::size_t user) const {
    auth::Token token{.account = AccountId(accounts_[user]),
                      .shard = shards_[user],
                      .right = auth::Right::access,
                      .issued = clock_.now(),
                      .expires = clock_.now() + std::chrono::hours(1),
                      .mac = {}};
    key_.sign(token);
    return token;
}

namespace {

class NoSink final : public store::ChangeSink {
public:
    void on_changes(MailboxId, std::span<const store::Change>) override {}
    void on_lost() override {}
};

} // namespace

View Host::view() {
    View view;
    NoSink sink;
    for (std::size_t user = 0; user < kUsers.size(); ++user) {
        const auto session = run(store_->open_session(token(user), sink));
        if (!session) throw std::runtime_error("open_session: " + session.error().internal);
        const auto names = run(store_->list_mailboxes(*session));
        for (const auto& entry : *names) {
            const auto opened = run(store_->open_mailbox(*session, entry.name, true));
            if (!opened) throw std::runtime_error("open_mailbox: " + opened.error().internal);
            const auto validity = opened->status.uid_validity.value;
            for (const auto& message : opened->messages) {
                const auto uid = message.uid;
                auto bytes = run(store_->read(*session, uid, 0, store::kMaxRead));
                view.contents[{accounts_[user], entry.name, validity, uid.value}] =
                    bytes ? std::move(*bytes) : bytes.error().internal;
                if (entry.name == "INBOX") view.inbox[accounts_[user]].push_back(uid.value);
            }
        }
        store_->close_session(*session);
    }
    const auto rows = run(store_->queued(QueueId(), 100'000));
    for (const auto& row : *rows) view.queued.push_back(row.recipient);
    return view;
}

} // namespace maild::simulation
