#include "store/model/history.hpp"

#include "maild/net/spawn.hpp"
#include "maild/store/memory_store.hpp"

#include <algorithm>

namespace maild::store::test {

FaultyStore::FaultyStore(std::unique_ptr<maild::test::FaultyDisk> on) : disk_(std::move(on)) {}

// Segments and the WAL are small, so that a short history fills, checkpoints and compacts them.
Result<void> FaultyStore::open() {
    LocalStoreOptions options;
    options.directory = "/shard";
    options.watermark_bytes = 0;
    options.ballast_bytes = 0;
    options.readers = 1;
    options.checkpoint_pages = 60;
    options.segment_bytes = 24'000;
    options.vfs = vfs_.name();
    options.executor = &executor_;
    is_dead_ = false;
    // A shard that stays offline is as bad as a store that does not open.
    auto trouble = std::make_shared<std::string>();
    options.on_fatal = [this](const Error&) { is_dead_ = true; };
    options.on_trouble = [trouble](const std::string& what) { *trouble = what; };
    auto opened = LocalStore::open({io, *disk_, clock, random_}, key, options);
    if (!opened) return std::unexpected(opened.error());
    if (!trouble->empty()) return fail(Errc::corrupt, *trouble);
    store_ = std::move(*opened);
    return {};
}

void FaultyStore::close() {
    store_.reset();
    io.restart();
    io.poll();
}

void FaultyStore::lose_power() {
    disk_->cut_power_after(0);
    close();
}

void FaultyStore::tick(int count) {
    for (int i = 0; i < count; ++i) {
        executor_.tick();
        io.restart();
        io.poll();
    }
}

namespace {

// The session of one operation.
class Seat final : public ChangeSink {
public:
    Seat(Subject& subject, const Operation& operation, Ledger& ledger)
        : subject_(subject), ledger_(ledger) {
        const auto grant = token(subject, operation.account);
        const auto opened = subject.run(subject.store().open_session(grant, *this));
        if (!opened) {
            is_lost = true;
            return;
        }
        id = *opened;
        const bool wants_mailbox = operation.verb == Verb::copy || operation.verb == Verb::move ||
                                   operation.verb == Verb::flags || operation.verb == Verb::expunge;
        if (!wants_mailbox) return;
        const auto mailbox =
            subject.run(subject.store().open_mailbox(id, operation.mailbox, false));
        if (!mailbox && is_fault(std::string(name_of(mailbox.error().code)))) is_lost = true;
    }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    ~Seat() override { subject_.store().close_session(id); }

    void on_changes(MailboxId mailbox, std::span<const Change> changes) override {
        auto& mark = ledger_.told[mailbox];
        const auto raise = [&mark](ModSeq modseq) {
            mark.modseq = std::max(mark.modseq, modseq.value);
        };
        for (const auto& change : changes) {
            if (const auto* added = std::get_if<Added>(&change)) {
                mark.uid = std::max(mark.uid, added->message.uid.value);
                raise(added->message.modseq);
            } else if (const auto* flags = std::get_if<FlagsChanged>(&change)) {
                raise(flags->modseq);
            } else if (const auto* expunged = std::get_if<Expunged>(&change)) {
                raise(expunged->modseq);
            }
        }
    }
    void on_lost() override {}

    SessionId id;
    bool is_lost = false; // the store failed already here

private:
    Subject& subject_;
    Ledger& ledger_;
};

net::Task<void> answer(Subject& subject, SessionId session, Operation operation, Ledger& ledger,
                       std::size_t index) {
    auto text = co_await perform(subject, session, std::move(operation));
    ledger.answers[index] = std::move(text);
}

class MemorySubject final : public Subject {
public:
    MessageStore& store() override { return store_; }
    StoreAdmin& admin() override { return store_; }

private:
    MemoryStore store_{clock, key};
};

} // namespace

std::size_t Ledger::acknowledged() const {
    std::size_t count = 0;
    while (count < answers.size() && !answers[count].empty() && !is_fault(answers[count])) ++count;
    return count;
}

void play(Subject& subject, const std::vector<Operation>& operations, Ledger& ledger) {
    ledger.answers.assign(operations.size(), {});
    std::vector<std::unique_ptr<Seat>> seats;
    for (const auto& operation : operations)
        seats.push_back(std::make_unique<Seat>(subject, operation, ledger));
    for (std::size_t i = 0; i < operations.size(); ++i) {
        if (seats[i]->is_lost)
            ledger.answers[i] = kNotBegun;
        else
            net::spawn(subject.io, answer(subject, seats[i]->id, operations[i], ledger, i),
                       "model");
    }
    const bool all_answered = subject.run_until(
        [&] { return std::ranges::none_of(ledger.answers, &std::string::empty); });
    if (!all_answered) throw std::runtime_error("the store does not answer");
}

Reference::Reference() : subject_(std::make_unique<MemorySubject>()) {
    views_ = {view_of(*subject_)};
}
Reference::~Reference() = default;

std::vector<std::string> Reference::play(WallTime at, const std::vector<Operation>& operations) {
    subject_->clock.advance(at - subject_->clock.now());
    Ledger ledger;
    std::vector<std::unique_ptr<Seat>> seats;
    for (const auto& operation : operations)
        seats.push_back(std::make_unique<Seat>(*subject_, operation, ledger));
    std::vector<std::string> answers;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        answers.push_back(subject_->run(perform(*subject_, seats[i]->id, operations[i])));
        views_.push_back(view_of(*subject_));
    }
    done_.push_back({at, operations});
    return answers;
}

void Reference::forget_after(std::size_t count) {
    if (count == size()) return;
    const auto groups = std::move(done_);
    *this = Reference();
    for (const auto& [at, operations] : groups) {
        const auto kept = std::min(operations.size(), count - size());
        play(at, {operations.begin(), operations.begin() + std::ptrdiff_t(kept)});
    }
}

std::string Reference::tail(std::size_t begin) const {
    std::string text;
    std::size_t number = 0;
    for (const auto& [at, operations] : done_) {
        for (const auto& operation : operations) {
            if (++number > begin) text += "  " + to_string(operation) + "\n";
        }
    }
    return text;
}

} // namespace maild::store::test
