#include "maild/directory/dkim_rotation.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

namespace maild::directory {
namespace {

using policy::dkim::Publication;

std::string text_of(std::optional<WallTime> time) {
    using namespace std::chrono;
    const auto at = floor<minutes>(time.value_or(WallTime{}));
    const auto day = floor<days>(at);
    const year_month_day date(day);
    const hh_mm_ss clock(at - day);
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d UTC",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()));
    return text.data();
}

// What is wrong with what the DNS shows; empty: nothing.
std::string_view fault_of(const DkimSight& sight) {
    if (sight.is_unknown) return "the DNS does not answer for its record";
    switch (sight.publication) {
    case Publication::right: return "";
    case Publication::none: return "the DNS has no record of it";
    case Publication::several:
        return "the DNS has several records at its name, of which one is to stay";
    case Publication::another: return "the DNS has another record at its name";
    case Publication::revoked: return "its record in the DNS says that it is revoked (an empty p=)";
    }
    return "";
}

class Planner {
public:
    Planner(const std::vector<DkimKey>& keys, const DkimSights& sights, const RotationRules& rules,
            WallTime now)
        : keys_(keys), sights_(sights), rules_(rules), now_(now) {}

    RotationPlan run() {
        plan_.is_idle = std::ranges::none_of(keys_, [](const DkimKey& key) {
            return key.state == DkimState::published || key.state == DkimState::retired;
        });
        for (const auto& key : keys_) visit(key);
        if (keys_.empty()) plan_.sentences.emplace_back("there are no keys, so nothing is signed");
        return std::move(plan_);
    }

private:
    void visit(const DkimKey& key) {
        switch (key.state) {
        case DkimState::published: return visit_published(key);
        case DkimState::active: return visit_active(key);
        case DkimState::retired: return visit_retired(key);
        case DkimState::removed: return;
        }
    }

    void visit_published(const DkimKey& key) {
        if (successor_of(key.algorithm) != &key)
            return say(key, "waits, but a newer key of its kind comes first; remove it, if it is "
                            "of no use");
        const auto fault = rules_.is_forced ? std::string_view() : fault_of(sight_of(key));
        if (!fault.empty())
            return say(key, "is to sign as soon as its record is published: " + std::string(fault) +
                                ". Publish the TXT record " + key.record_name());
        say(key, "can sign: its record is there");
        plan_.moves.push_back({key.selector, DkimState::active, std::nullopt});
        plan_.moved.push_back(key.selector + " signs from now on");
        for (const auto& old : keys_)
            if (old.state == DkimState::active && old.algorithm == key.algorithm) retire(old);
    }

    void retire(const DkimKey& key) {
        const auto until = now_ + rules_.retired_for + sight_of(key).ttl;
        plan_.moves.push_back({key.selector, DkimState::retired, until});
        plan_.moved.push_back(key.selector + " signs no more; leave its record in the DNS until " +
                              text_of(until));
    }

    void visit_active(const DkimKey& key) {
        const auto fault = fault_of(sight_of(key));
        say(key, "signs since " + text_of(key.activated) +
                     (fault.empty() ? std::string() : ", but " + std::string(fault)));
    }

    void visit_retired(const DkimKey& key) {
        if (key.keep_until && *key.keep_until > now_)
            return say(key, "signs no more; its record has to stay in the DNS until " +
                                text_of(key.keep_until) + " for mail under way");
        say(key, "is of no use any more");
        plan_.moves.push_back({key.selector, DkimState::removed, std::nullopt});
        plan_.moved.push_back(key.selector + " is forgotten; the TXT record " + key.record_name() +
                              " may be deleted from the DNS");
    }

    const DkimKey* successor_of(policy::dkim::Algorithm algorithm) const {
        const DkimKey* newest = nullptr;
        for (const auto& key : keys_)
            if (key.state == DkimState::published && key.algorithm == algorithm &&
                (newest == nullptr || key.created >= newest->created))
                newest = &key;
        return newest;
    }

    DkimSight sight_of(const DkimKey& key) const {
        const auto found = sights_.find(key.selector);
        return found == sights_.end() ? DkimSight{} : found->second;
    }

    void say(const DkimKey& key, const std::string& what) {
        plan_.sentences.push_back(key.selector + " " + what);
    }

    const std::vector<DkimKey>& keys_;
    const DkimSights& sights_;
    const RotationRules& rules_;
    WallTime now_;
    RotationPlan plan_;
};

} // namespace

std::vector<const DkimKey*> keys_to_see(const std::vector<DkimKey>& keys) {
    std::vector<const DkimKey*> out;
    for (const auto& key : keys)
        if (key.state == DkimState::published || key.state == DkimState::active)
            out.push_back(&key);
    return out;
}

RotationPlan plan_rotation(const std::vector<DkimKey>& keys, const DkimSights& sights,
                           const RotationRules& rules, WallTime now) {
    return Planner(keys, sights, rules, now).run();
}

std::string zone_value(const DkimKey& key) {
    constexpr std::size_t kMostOctets = 255;
    const auto record = key.record();
    std::string out;
    for (std::string_view rest = record; !rest.empty();) {
        const auto piece = rest.substr(0, kMostOctets);
        out += (out.empty() ? "\"" : " \"") + std::string(piece) + "\"";
        rest.remove_prefix(piece.size());
    }
    return out.contains("\" \"") ? "( " + out + " )" : out;
}

std::string zone_line(const DkimKey& key) {
    return key.record_name() + ". IN TXT " + zone_value(key) + "\n";
}

} // namespace maild::directory
