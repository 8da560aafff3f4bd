#pragma once
// What every MessageStore must do, as one suite: the cases are in conformance_*_test.cpp, and each
// implementation's test instantiates them with a maker of its Subject.

#include "maild/auth/token.hpp"
#include "maild/net/task.hpp"
#include "maild/store/admin.hpp"
#include "maild/store/message_store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

namespace maild::store::test {

// A clock that only moves when told, and may be read by the store's threads.
class TestClock final : public Clock {
public:
    WallTime now() const override { return WallTime(std::chrono::milliseconds(millis_.load())); }
    SteadyTime steady_now() const override {
        return SteadyTime(std::chrono::milliseconds(millis_.load()));
    }
    void advance(std::chrono::milliseconds span) { millis_ += span.count(); }

private:
    std::atomic<std::int64_t> millis_{1'700'000'000'000}; // 2023-11-14 22:13:20 UTC
};

// One store, and what is around it. Times and tokens come from here.
class Subject {
public:
    virtual ~Subject() = default;
    virtual MessageStore& store() = 0;
    virtual StoreAdmin& admin() = 0;

    boost::asio::io_context io;
    TestClock clock;
    auth::TokenKey key{std::string(32, 'k')};

    // Runs the io_context until the task is done.
    template <class T> T run(net::Task<T> task);
    // Until `done` holds; false when it did not within ten seconds.
    bool run_until(const std::function<bool()>& done);
};

using MakeSubject = std::function<std::unique_ptr<Subject>()>;
struct SubjectKind {
    const char* name;
    std::unique_ptr<Subject> (*make)();
    friend void PrintTo(const SubjectKind& kind, std::ostream* out) { *out << kind.name; }
};

// A connection: its session, and what it was told: "+3" added, "~3" flags changed, "-3" expunged,
// "k:$x" keyword, "x" mailbox deleted, "lost".
class Client final : public ChangeSink {
public:
    Client(Subject& subject, std::int64_t account, std::uint64_t quota_bytes = 0,
           std::int64_t domain = 0);
    // On another account's mailboxes.
    Client(Subject& subject, const Client& from, const auth::Token& owner);
    ~Client() override;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void on_changes(MailboxId mailbox, std::span<const Change> changes) override;
    void on_annotations(const MailboxName& mailbox, std::span<const std::string> names) override;
    void on_account(const AccountChange& change) override;
    void on_lost() override;

    SessionId id() const { return id_; }
    std::string news() { return std::exchange(news_, {}); }
    const std::vector<Change>& changes() const { return changes_; }

    OpenedMailbox open(const std::string& name, bool examine = false);
    // Its UIDs, "1 2 3"; or the name of the error.
    std::string append(const std::string& name, const std::vector<std::string>& contents,
                       FlagNames flags = {});
    std::string store(UidSet uids, FlagChange change, FlagNames flags,
                      std::optional<ModSeq> unchanged_since = {});
    std::string copy(UidSet uids, const Destination& to); // "1>4 2>5", all parts of it
    std::string move(UidSet uids, const Destination& to);
    std::string begin_copy(UidSet uids, const Destination& to); // "1>4 …": the first part
    std::string begin_move(UidSet uids, const Destination& to);
    std::string copy_on();
    std::string share(const std::string& name, Grantee who, std::string_view rights,
                      AclEdit edit = AclEdit::replace, bool is_negative = false);
    std::string rights(const std::string& name); // "lrs", or the error
    std::string acl(const std::string& name);    // "2:lr -3:s anyone@1:l", or the error
    std::string expunge(std::optional<UidSet> uids = {});
    std::string create(const std::string& name,
                       SpecialUse use = SpecialUse::none); // "ok" or the error
    std::string remove(const std::string& name);
    std::string rename(const std::string& from, const std::string& to);
    std::string names();                    // selectable ones, "INBOX Archive …"
    std::string content(std::uint32_t uid); // or the error
    MailboxStatus status(const std::string& name);
    std::string annotate(const std::string& mailbox, std::vector<Annotation> entries,
                         std::optional<SpecialUse> use = {}); // "ok" or the error
    Result<Annotations> annotations(const std::string& mailbox, AnnotationQuery query);
    void watch(bool is_watching) { subject_.store().watch(id_, is_watching); }
    // "#3+-" messages came or went, "#3~" flags, "new:a", "gone:a", "a>b", "sub:a"
    std::string account_news() { return std::exchange(account_news_, {}); }
    const std::string& annotation_news() const { return annotation_news_; } // the last ones

private:
    std::string all_of(std::string said);

    Subject& subject_;
    SessionId id_;
    std::string news_;
    std::string annotation_news_;
    std::string account_news_;
    std::vector<Change> changes_;
};

auth::Token token(const Subject& subject, std::int64_t account,
                  auth::Right right = auth::Right::access, std::uint64_t quota_bytes = 0,
                  std::uint64_t quota_messages = 0, std::int64_t domain = 0);
LocalRecipient recipient(const Subject& subject, std::int64_t account,
                         std::uint64_t quota_bytes = 0);
Structure structure(const std::string& name);
// One delivery to the account's INBOX; the UID or the error's name.
std::string deliver(Subject& subject, std::int64_t account, const std::string& content);
UidSet uids(std::uint32_t first, std::uint32_t last);
inline UidSet uid(std::uint32_t one) { return uids(one, one); }
inline UidSet everything() { return uids(1, UINT32_MAX); }
std::string text(const OpenedMailbox& opened); // "1 2 3"

class StoreConformance : public testing::TestWithParam<SubjectKind> {
protected:
    StoreConformance() : subject(GetParam().make()), store(subject->store()) {}
    template <class T> T run(net::Task<T> task) { return subject->run(std::move(task)); }
    std::unique_ptr<Subject> subject;
    MessageStore& store;
};

inline std::string name_of_kind(const testing::TestParamInfo<SubjectKind>& info) {
    return info.param.name;
}

template <class T> T Subject::run(net::Task<T> task) {
    std::optional<T> value;
    boost::asio::co_spawn(io.get_executor(), std::move(task),
                          [&value](std::exception_ptr thrown, T result) {
                              if (thrown) std::rethrow_exception(thrown);
                              value.emplace(std::move(result));
                          });
    if (!run_until([&] { return value.has_value(); }))
        throw std::runtime_error("the store does not answer");
    return std::move(*value);
}

} // namespace maild::store::test
