// Levels above names (LIST with RECURSIVEMATCH, LSUB with "%"): which are told, held against what
// the RFCs say of each alone, and that they are not matched again for each name below them.
#include "imap/list_match.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace maild::imap {
namespace {

using Entries = ListMatcher::Entries;

List list_of(std::vector<std::string> patterns) {
    List list;
    list.patterns = std::move(patterns);
    list.selection.subscribed = list.selection.recursive_match = true;
    return list;
}

std::vector<std::string> levels_of(const std::string& name) {
    std::vector<std::string> levels;
    for (auto end = name.find('/'); end != name.npos; end = name.find('/', end + 1))
        levels.push_back(name.substr(0, end));
    return levels;
}

struct Case {
    Entries entries;
    List list;
};

Case random_case(std::mt19937& random) {
    constexpr const char* kPatterns[] = {"%", "a/%", "*/b", "%/%", "a*", "b/a/%", "b", "%/a/%/b"};
    std::map<std::string, bool> names; // with what is subscribed
    for (int i = 0; i < 30; ++i) {
        std::string name;
        for (auto depth = random() % 5 + 1; depth > 0; --depth)
            name += std::string(name.empty() ? "" : "/") + "abc"[random() % 3];
        names[name] = random() % 2 == 0;
    }
    Case made;
    for (const auto& [name, is_subscribed] : names) {
        store::MailboxEntry entry;
        entry.name = name;
        entry.id = MailboxId(1);
        entry.is_selectable = true;
        entry.is_subscribed = is_subscribed;
        made.entries.push_back(std::move(entry));
    }
    std::vector<std::string> patterns;
    for (auto count = random() % 3 + 1; count > 0; --count)
        patterns.emplace_back(kPatterns[random() % std::size(kPatterns)]);
    made.list = list_of(std::move(patterns));
    return made;
}

std::set<std::string> names_and_levels(const Entries& entries) {
    std::set<std::string> all;
    for (const auto& entry : entries) {
        all.insert(entry.name);
        for (auto& level : levels_of(entry.name)) all.insert(std::move(level));
    }
    return all;
}

// RFC 5258 §3.5: "name selected child".
std::set<std::string> wanted_of_list(const Case& of) {
    NamePatterns patterns(of.list, NameForm::utf8);
    std::set<std::string> wanted;
    for (const auto& name : names_and_levels(of.entries)) {
        if (!patterns.match(name)) continue;
        bool is_selected = false;
        bool has_child = false;
        bool has_untold = false;
        for (const auto& entry : of.entries) {
            if (!entry.is_subscribed) continue;
            is_selected = is_selected || entry.name == name;
            const bool is_below = entry.name.starts_with(name + '/');
            has_child = has_child || is_below;
            has_untold = has_untold || (is_below && !patterns.match(entry.name));
        }
        if (is_selected || has_untold)
            wanted.insert(name + (is_selected ? " selected" : "") + (has_child ? " child" : ""));
    }
    return wanted;
}

TEST(ListMatcher, TellsOfLevelsAsOfEachAlone) {
    std::mt19937 random(17);
    for (int round = 0; round < 500; ++round) {
        const auto made = random_case(random);
        ListMatcher matcher(made.list, made.entries, NameForm::utf8);
        while (matcher.step()) {
        }
        std::set<std::string> got;
        for (const auto& listed : matcher.take())
            got.insert(listed.name + (listed.is_selected ? " selected" : "") +
                       (listed.has_selected_child ? " child" : ""));
        ASSERT_EQ(got, wanted_of_list(made)) << round;
    }
}

TEST(LsubMatcher, TellsOfLevelsAsOfEachAlone) { // RFC 3501 §6.3.9
    std::mt19937 random(18);
    for (int round = 0; round < 500; ++round) {
        const auto made = random_case(random);
        LsubMatcher matcher(made.list, made.entries, NameForm::utf8);
        while (matcher.step()) {
        }
        NamePatterns patterns(made.list, NameForm::utf8);
        std::map<std::string, bool> wanted;
        for (const auto& entry : made.entries) {
            if (!entry.is_subscribed) continue;
            if (patterns.match(entry.name)) wanted[entry.name] = false;
            for (const auto& level : levels_of(entry.name))
                if (patterns.have_percent() && patterns.match(level))
                    wanted.try_emplace(level, true);
        }
        ASSERT_EQ(matcher.take(), wanted) << round;
    }
}

// As much as a client may have: 10,000 subscriptions, 32 levels deep, and 32 patterns.
TEST(ListMatcher, MatchesEachLevelOnce) {
    Entries entries;
    std::string above;
    for (int i = 0; i < 31; ++i) above += "level/";
    for (int i = 10'000; i < 20'000; ++i) {
        store::MailboxEntry entry;
        entry.name = above + std::to_string(i);
        entry.is_subscribed = true;
        entries.push_back(std::move(entry));
    }
    std::vector<std::string> some;
    for (int i = 0; i < 32; ++i) some.push_back("%/x" + std::to_string(i) + "/*");
    const auto list = list_of(std::move(some));
    NamePatterns patterns(list, NameForm::utf8);
    for (const auto& entry : entries) patterns.match(entry.name);
    const auto of_names = patterns.take_work();
    ListMatcher matcher(list, entries, NameForm::utf8);
    const auto begin = std::chrono::steady_clock::now();
    while (matcher.step()) {
    }
    const std::chrono::duration<double, std::milli> spent =
        std::chrono::steady_clock::now() - begin;
    const auto of_list = matcher.take_work();
    EXPECT_LT(of_list, of_names + of_names / 10);
    LsubMatcher lsub(list, entries, NameForm::utf8);
    while (lsub.step()) {
    }
    EXPECT_LT(lsub.take_work(), of_names + of_names / 10);
    RecordProperty("work", std::to_string(of_list) + " of " + std::to_string(of_names));
    RecordProperty("milliseconds", std::to_string(spent.count()));
}

} // namespace
} // namespace maild::imap
