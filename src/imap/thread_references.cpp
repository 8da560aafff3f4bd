// THREAD=REFERENCES (RFC 5256 §3), its steps by their numbers.
#include "imap/threads.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace maild::imap {
namespace {

constexpr auto kNone = UINT32_MAX;

// Step 1: who is whose parent. The messages come first, by their index; behind them stand the
// dummies.
class Linking {
public:
    explicit Linking(const std::vector<ThreadedMessage>& messages)
        : messages_(messages), steps_left_(kFreeSteps + kStepsPerMessage * messages.size()) {}

    std::vector<std::uint32_t> parents() {
        for (std::uint32_t i = 0; i < messages_.size(); ++i) add_node();
        for (std::uint32_t i = 0; i < messages_.size(); ++i)
            if (!messages_[i].id.empty()) nodes_.emplace(messages_[i].id, i); // the first has it
        for (std::uint32_t i = 0; i < messages_.size(); ++i) link(i);
        return std::move(parents_);
    }

private:
    // Looking for loops costs a step for each ancestor. Real mail needs almost none; when made-up
    // mail has used up these, a link in question is left out.
    static constexpr std::size_t kFreeSteps = 100'000;
    static constexpr std::size_t kStepsPerMessage = 100;

    std::uint32_t add_node() {
        parents_.push_back(kNone);
        groups_.push_back(static_cast<std::uint32_t>(groups_.size()));
        return groups_.back();
    }

    std::uint32_t node_of(std::string_view id) {
        const auto [found, is_new] = nodes_.try_emplace(id, kNone);
        if (is_new) found->second = add_node();
        return found->second;
    }

    void link(std::uint32_t message) {
        auto parent = kNone;
        for (const auto& id : messages_[message].references) { // step 1.A
            const auto child = node_of(id);
            if (parent != kNone && parents_[child] == kNone) adopt(parent, child);
            parent = child;
        }
        if (parents_[message] == parent) return;
        parents_[message] = kNone; // step 1.B
        if (parent != kNone) adopt(parent, message);
    }

    void adopt(std::uint32_t parent, std::uint32_t child) {
        if (is_descendant(parent, child)) return;
        parents_[child] = parent;
        groups_[group_of(child)] = group_of(parent);
    }

    // Nodes of different groups never were linked, so neither descends from the other; only within
    // a group it takes a walk.
    bool is_descendant(std::uint32_t node, std::uint32_t ancestor) {
        if (group_of(node) != group_of(ancestor)) return false;
        for (; node != kNone; node = parents_[node]) {
            if (node == ancestor || steps_left_ == 0) return true;
            --steps_left_;
        }
        return false;
    }

    std::uint32_t group_of(std::uint32_t node) {
        while (groups_[node] != node) {
            groups_[node] = groups_[groups_[node]];
            node = groups_[node];
        }
        return node;
    }

    const std::vector<ThreadedMessage>& messages_;
    std::size_t steps_left_;
    std::unordered_map<std::string_view, std::uint32_t> nodes_; // by id
    std::vector<std::uint32_t> parents_;
    std::vector<std::uint32_t> groups_; // disjoint sets of what was ever linked
};

// Steps 2 to 6.
class Gathering {
public:
    Gathering(const std::vector<ThreadedMessage>& messages, std::vector<std::uint32_t> parents)
        : messages_(messages), parents_(std::move(parents)) {
        threads_.nodes.resize(parents_.size());
        for (std::size_t i = 0; i < messages_.size(); ++i) threads_.nodes[i].seq = messages_[i].seq;
    }

    Threads threads() {
        prune();
        sort_roots();
        merge_subjects();
        for (auto& node : threads_.nodes) sort_siblings(node.children);
        sort_roots();
        return std::move(threads_);
    }

private:
    bool is_dummy(std::uint32_t node) const { return threads_.nodes[node].seq == 0; }

    // The message that a thread begins with, which of a dummy's is its first child.
    const ThreadedMessage& head(std::uint32_t node) const {
        return messages_[is_dummy(node) ? threads_.nodes[node].children.front() : node];
    }

    bool is_earlier(std::uint32_t a, std::uint32_t b) const {
        const auto& x = head(a);
        const auto& y = head(b);
        return x.sent == y.sent ? x.seq < y.seq : x.sent < y.sent;
    }

    void sort_siblings(std::vector<std::uint32_t>& nodes) {
        std::ranges::sort(nodes, [this](auto a, auto b) { return is_earlier(a, b); });
    }

    // Step 4, and the last of step 6.
    void sort_roots() {
        for (const auto root : threads_.roots)
            if (is_dummy(root)) sort_siblings(threads_.nodes[root].children);
        sort_siblings(threads_.roots);
    }

    // The nearest node above a message that stays: a message, or the dummy that has no parent. What
    // is found for a dummy is put in its parent's place.
    std::uint32_t kept_above(std::uint32_t node) {
        auto kept = parents_[node];
        while (kept != kNone && is_dummy(kept) && parents_[kept] != kNone) kept = parents_[kept];
        for (auto at = parents_[node]; at != kept && at != kNone;)
            at = std::exchange(parents_[at], kept);
        return kept;
    }

    // Steps 2 and 3: dummies go, their children take their place; but one at the top that holds
    // several messages together stays.
    void prune() {
        auto& nodes = threads_.nodes;
        for (std::uint32_t i = 0; i < messages_.size(); ++i) {
            const auto above = kept_above(i);
            (above == kNone ? threads_.roots : nodes[above].children).push_back(i);
        }
        for (auto i = messages_.size(); i < nodes.size(); ++i) {
            auto& children = nodes[i].children;
            if (children.size() > 1) threads_.roots.push_back(static_cast<std::uint32_t>(i));
            if (children.size() == 1) threads_.roots.push_back(children.front());
        }
    }

    // Step 5.
    void merge_subjects() {
        std::unordered_map<std::string_view, std::uint32_t> table;
        for (const auto root : threads_.roots) {
            if (head(root).subject.empty()) continue;
            const auto [entry, is_new] = table.try_emplace(head(root).subject, root);
            if (!is_new && is_better(root, entry->second)) entry->second = root;
        }
        std::vector<bool> is_root(threads_.nodes.size(), true);
        const auto roots = threads_.roots;
        for (const auto root : roots) {
            const auto entry = table.find(head(root).subject);
            if (entry == table.end() || entry->second == root || !is_root[root]) continue;
            is_root[root] = false;
            if (merge(root, entry->second)) continue;
            is_root[entry->second] = false;
            entry->second = add_dummy({entry->second, root});
            is_root.push_back(true);
        }
        std::erase_if(threads_.roots, [&](std::uint32_t root) { return !is_root[root]; });
    }

    // Step 5.B.iv
    bool is_better(std::uint32_t root, std::uint32_t entry) const {
        if (is_dummy(entry)) return false;
        return is_dummy(root) || (head(entry).is_reply && !head(root).is_reply);
    }

    // Step 5.C: below the thread of the table, if it may be there.
    bool merge(std::uint32_t root, std::uint32_t entry) {
        auto& nodes = threads_.nodes;
        auto& children = nodes[entry].children;
        if (is_dummy(root) && is_dummy(entry)) {
            children.insert(children.end(), nodes[root].children.begin(),
                            nodes[root].children.end());
            return true;
        }
        if (!is_dummy(entry) && (!head(root).is_reply || head(entry).is_reply)) return false;
        children.push_back(root);
        return true;
    }

    std::uint32_t add_dummy(std::vector<std::uint32_t> children) {
        const auto dummy = static_cast<std::uint32_t>(threads_.nodes.size());
        threads_.nodes.push_back({.seq = 0, .children = std::move(children)});
        threads_.roots.push_back(dummy);
        return dummy;
    }

    const std::vector<ThreadedMessage>& messages_;
    std::vector<std::uint32_t> parents_;
    Threads threads_;
};

} // namespace

Threads thread_by_references(const std::vector<ThreadedMessage>& messages) {
    return Gathering(messages, Linking(messages).parents()).threads();
}

} // namespace maild::imap
