#pragma once
// INBOX of one account of a real store, with its search index.

#include "imap/mailbox_view.hpp"
#include "support/temp_dir.hpp"

#include "maild/imap/structure.hpp"
#include "maild/net/spawn.hpp"
#include "maild/store/local_store.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace maild::imap::test {

class StoredMailbox {
public:
    explicit StoredMailbox(bool has_index = true) {
        store::LocalStoreOptions options;
        options.directory = dir_ / "shard";
        options.watermark_bytes = 0;
        options.has_index = has_index;
        options.on_fatal = [](const Error&) { std::abort(); };
        auto opened = store::LocalStore::open({io_, files_, clock_, random_}, key_, options);
        if (!opened) throw std::runtime_error(opened.error().internal);
        store_ = std::move(*opened);
        session_ = *run(store_->open_session(token(), sink_));
    }

    void add(const std::vector<std::string>& contents) {
        std::vector<store::AppendMessage> messages;
        for (const auto& content : contents)
            messages.push_back({{content, make_structure(content)}, {}, clock_.now()});
        if (!run(store_->append(session_, "INBOX", std::move(messages), std::nullopt)))
            throw std::runtime_error("append");
    }
    void deliver(const std::string& content, const std::string& prefix) {
        store::DeliverRequest request{
            {content, make_structure(content)}, {}, std::nullopt, clock_.now()};
        request.local.push_back({token(), "INBOX", {}, "a@example.org", prefix});
        if (!run(store_->deliver(std::move(request)))) throw std::runtime_error("deliver");
    }
    void wait_for_index() {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
        while (run(store_->figures())->index_pending != 0) {
            if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("no index");
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
    MailboxView open() { return {*run(store_->open_mailbox(session_, "INBOX", false)), false, {}}; }
    // Every message, with its bytes where they are not many.
    std::vector<store::MessageData> messages() {
        std::vector<store::MessageData> all;
        store::UidSet uids{{Uid(1), Uid(UINT32_MAX)}};
        while (!uids.empty()) {
            auto part = run(store_->fetch(session_, uids, store::kContent | store::kParts));
            for (auto& message : part->messages) all.push_back(std::move(message));
            uids = part->next ? store::UidSet{{*part->next, Uid(UINT32_MAX)}} : store::UidSet{};
        }
        return all;
    }

    template <class T> T run(net::Task<T> task) {
        std::optional<T> value;
        net::spawn(io_, keep(std::move(task), value), "test");
        io_.restart();
        auto work = boost::asio::make_work_guard(io_);
        while (!value) io_.run_one();
        return std::move(*value);
    }
    store::LocalStore& store() { return *store_; }
    store::SessionId session() const { return session_; }

private:
    struct Quiet final : store::ChangeSink {
        void on_changes(MailboxId, std::span<const store::Change>) override {}
        void on_lost() override {}
    };

    template <class T> static net::Task<void> keep(net::Task<T> task, std::optional<T>& value) {
        auto result = co_await std::move(task);
        value.emplace(std::move(result));
    }
    auth::Token token() {
        auth::Token made;
        made.account = AccountId(1);
        made.shard = ShardId(1);
        made.right = auth::Right::access;
        made.issued = clock_.now();
        made.expires = clock_.now() + std::chrono::hours(1);
        key_.sign(made);
        return made;
    }

    maild::test::TempDir dir_;
    boost::asio::io_context io_;
    PosixFileSystem files_;
    SystemClock clock_;
    SystemRandom random_;
    auth::TokenKey key_{std::string(32, 'k')};
    Quiet sink_;
    store::SessionId session_;
    std::unique_ptr<store::LocalStore> store_;
};

} // namespace maild::imap::test
