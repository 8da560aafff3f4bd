#include "store/model/history.hpp"

#include <algorithm>

namespace maild::store::test {
namespace {

using maild::test::DiskCall;
using maild::test::FaultyDisk;
using maild::test::Survives;

std::string name_of(Survives what) {
    switch (what) {
    case Survives::everything: return "everything";
    case Survives::synced: return "what was synced";
    case Survives::some: return "some of the unsynced";
    case Survives::torn: return "a torn last write";
    }
    return "?";
}

// The first lines that differ.
std::string difference(std::string_view got, std::string_view want) {
    const auto at = std::ranges::mismatch(got, want).in1 - got.begin();
    const auto line = got.substr(0, static_cast<std::size_t>(at)).rfind('\n') + 1;
    return "\ngot:  " + std::string(got.substr(line, got.find('\n', line) - line)) +
           "\nwant: " + std::string(want.substr(line, want.find('\n', line) - line));
}

std::string life_goes_on(Subject& subject) {
    const auto answer = deliver(subject, 1, "life goes on");
    const bool is_uid = answer.find_first_not_of("0123456789") == answer.npos;
    return is_uid ? std::string() : "no delivery after recovery: " + answer;
}

// Nothing that a session was told may be taken back.
std::string taken_back(Subject& subject, const std::map<MailboxId, Ledger::Mark>& told) {
    for (std::int64_t account = 1; account <= kAccounts; ++account) {
        const auto all = subject.run(subject.admin().mailboxes({AccountId(account), ShardId(1)}));
        if (!all) return "mailboxes: " + all.error().internal;
        for (const auto& [entry, status] : *all) {
            const auto mark = told.find(status.id);
            if (mark == told.end()) continue;
            if (status.uid_next.value <= mark->second.uid)
                return entry.name + ": UID " + std::to_string(mark->second.uid) + " was told";
            if (status.highest_modseq.value < mark->second.modseq)
                return entry.name + ": mod-sequence " + std::to_string(mark->second.modseq) +
                       " was told";
        }
    }
    return {};
}

} // namespace

History::History(std::uint64_t seed, const Mutant& mutant) : seed_(seed), generator_(seed) {
    live_.disk().forget_syncs_of(mutant.syncs_forgotten_of);
}

// Both accounts exist from here on, in both stores.
void History::start() {
    if (auto opened = live_.open(); !opened) throw std::runtime_error(opened.error().internal);
    (void)view_of(live_);
}

void History::do_group(const Group& group) {
    begin_ = reference_.size();
    points_.clear();
    live_.clock.advance(group.pause);
    ledger_.answers.clear();
    live_.tick(group.ticks);
    play(live_, group.operations, ledger_);
}

// In step with the reference: the same answers, and after a group without a fault the same view.
void History::compare(const Group& group, Tally& tally) {
    const bool is_whole = ledger_.acknowledged() == group.operations.size() && !live_.is_dead();
    const auto wanted = reference_.play(live_.clock.now(), group.operations);
    for (std::size_t i = 0; is_whole && tally.wrong.empty() && i < wanted.size(); ++i) {
        if (ledger_.answers[i] != wanted[i])
            tally.wrong = "in step: " + ledger_.answers[i] + "\nwant:    " + wanted[i] + "\n";
    }
    tally.operations += wanted.size();
    if (!is_whole || !tally.wrong.empty()) return;
    const auto now = view_of(live_);
    const auto& want = reference_.view(reference_.size());
    if (now != want) tally.wrong = "in step" + difference(now, want);
}

// Opens with a part of the operations that may have happened done, in their order.
std::string History::match(FaultyStore& store, std::size_t acknowledged,
                           const std::map<MailboxId, Ledger::Mark>& told,
                           std::optional<std::size_t>& found) {
    if (auto opened = store.open(); !opened) return "does not open: " + opened.error().internal;
    const auto now = view_of(store);
    for (auto count = begin_ + acknowledged; count <= reference_.size(); ++count) {
        if (now == reference_.view(count)) found = count;
    }
    if (!found) return "after recovery" + difference(now, reference_.view(begin_ + acknowledged));
    return taken_back(store, told);
}

std::string History::check(Point& point, Survives what, std::uint64_t seed) {
    FaultyStore again(point.disk->copy());
    again.clock.advance(live_.clock.now() - again.clock.now());
    again.disk().crash(what, seed);
    if (seed % 8 == 0) { // and once more, while it recovers
        again.disk().cut_power_after(seed / 8 % 24);
        if (again.open()) again.lose_power();
        again.disk().crash(what, seed + 1);
    }
    std::optional<std::size_t> found;
    auto wrong = match(again, point.acknowledged, point.told, found);
    if (wrong.empty() && seed % 4 == 0) wrong = life_goes_on(again);
    if (again.disk().is_powered()) again.lose_power();
    return wrong;
}

// The run itself after a cut: from here on what was not acknowledged has happened or it has not.
std::string History::restart(Survives what) {
    live_.lose_power();
    live_.disk().crash(what, seed_ + begin_);
    std::optional<std::size_t> found;
    auto wrong = match(live_, ledger_.acknowledged(), ledger_.told, found);
    if (found) reference_.forget_after(*found);
    return wrong;
}

std::string History::explain(const std::string& wrong) const {
    auto text = "seed " + std::to_string(seed_) + ", " + wrong + "\noperations:\n" +
                reference_.tail(begin_) + "answers:";
    for (const auto& answer : ledger_.answers) text += " [" + answer + "]";
    return text;
}

void History::crash_everywhere(int groups, Tally& tally) {
    start();
    for (int i = 0; i < groups && tally.wrong.empty(); ++i) {
        auto group = generator_.next();
        const bool is_cut = generator_.chance(15);
        if (is_cut) live_.disk().cut_power_after(generator_.below(16));
        live_.disk().observe([this](std::unique_ptr<FaultyDisk> copy) {
            points_.push_back({std::move(copy), ledger_.acknowledged(), ledger_.told});
        });
        do_group(group);
        live_.disk().observe({});
        drop_refused(group);
        compare(group, tally);
        for (auto& point : points_) {
            for (const auto what : {Survives::synced, Survives::some, Survives::torn}) {
                if (!tally.wrong.empty()) break;
                ++tally.crash_points;
                const auto wrong = check(point, what, generator_.below(1'000'000));
                if (!wrong.empty()) tally.wrong = name_of(what) + ": " + wrong;
            }
        }
        if (tally.wrong.empty() && is_cut) {
            ++tally.crash_points;
            tally.wrong = restart(static_cast<Survives>(generator_.below(4)));
        }
    }
    if (!tally.wrong.empty()) tally.wrong = explain(tally.wrong);
}

// What was never asked, and what the full disk refused, has not happened, whatever came after it in
// the same group.
void History::drop_refused(Group& group) {

    for (auto i = group.operations.size(); i-- > 0;) {
        const auto& answer = ledger_.answers[i];
        if (answer != "no_space" && answer != kNotBegun) continue;
        group.operations.erase(group.operations.begin() + std::ptrdiff_t(i));
        ledger_.answers.erase(ledger_.answers.begin() + std::ptrdiff_t(i));
    }
}

void History::plan_failure() {
    constexpr DiskCall kCalls[] = {DiskCall::write,    DiskCall::write,  DiskCall::sync,
                                   DiskCall::read,     DiskCall::open,   DiskCall::truncate,
                                   DiskCall::allocate, DiskCall::remove, DiskCall::sync_directory};
    const auto call = kCalls[generator_.below(std::size(kCalls))];
    const auto code = call == DiskCall::write && generator_.chance(30) ? Errc::no_space : Errc::io;
    live_.disk().fail_nth(call, 1 + generator_.below(6), code);
}

void History::fail_somewhere(int groups, Tally& tally) {
    start();
    for (int i = 0; i < groups && tally.wrong.empty(); ++i) {
        auto group = generator_.next();
        const bool is_full = generator_.chance(10);
        if (is_full)
            live_.disk().set_capacity(live_.disk().used_bytes() + generator_.below(20'000));
        else if (generator_.chance(60))
            plan_failure();
        do_group(group);
        live_.disk().set_capacity(UINT64_MAX);
        live_.disk().clear_failures();
        drop_refused(group);
        compare(group, tally);
        ++tally.failures;
        const bool is_whole = ledger_.acknowledged() == group.operations.size();
        const bool must_restart = live_.is_dead() || !is_whole || generator_.chance(10);
        if (must_restart && tally.wrong.empty())
            tally.wrong = restart(static_cast<Survives>(generator_.below(4)));
    }
    if (!tally.wrong.empty()) tally.wrong = explain("failures: " + tally.wrong);
}

} // namespace maild::store::test
