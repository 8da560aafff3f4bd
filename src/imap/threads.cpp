#include "imap/threads.hpp"

#include "imap/respond.hpp"

#include "maild/mail/base_subject.hpp"
#include "maild/mail/text.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <tuple>
#include <utility>

namespace maild::imap {
namespace {

// RFC 5256 §3: <"a"@b> and <a@b> are the same Message ID.
std::string normalized(const std::string& id) {
    std::string out;
    for (std::size_t i = 0; i < id.size(); ++i) {
        if (id[i] == '"') continue;
        if (id[i] == '\\' && i + 1 < id.size()) ++i;
        out += id[i];
    }
    return out;
}

std::vector<std::string> ids_of(const mail::HeaderSection& header, std::string_view name) {
    const auto* field = header.find(name);
    if (field == nullptr) return {};
    auto ids = mail::parse_message_ids(field->body);
    for (auto& id : ids) id = normalized(id);
    return ids;
}

} // namespace

void read_thread_fields(const mail::HeaderSection& header, ThreadedMessage& message) {
    if (const auto* field = header.find("Subject")) {
        const auto base = mail::base_subject(field->body);
        message.subject = mail::collation_key(base.text);
        message.is_reply = base.is_reply;
    }
    auto ids = ids_of(header, "Message-ID");
    if (!ids.empty()) message.id = std::move(ids.front());
    message.references = ids_of(header, "References");
    if (message.references.empty()) {
        // The first alone: behind it stand addresses, in actual practice (RFC 5256 §3).
        message.references = ids_of(header, "In-Reply-To");
        if (message.references.size() > 1) message.references.resize(1);
    }
    if (message.references.size() > kMaxReferences) {
        message.references.erase(message.references.begin(),
                                 std::prev(message.references.end(), kMaxReferences));
    }
}

Threads thread_by_subject(const std::vector<ThreadedMessage>& messages) {
    const auto when = [&](std::uint32_t i) { return std::tie(messages[i].sent, messages[i].seq); };
    std::vector<std::uint32_t> order(messages.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
        const auto subjects = messages[a].subject <=> messages[b].subject;
        return subjects == 0 ? when(a) < when(b) : subjects < 0;
    });
    Threads threads;
    threads.nodes.resize(messages.size());
    for (const auto i : order) {
        threads.nodes[i].seq = messages[i].seq;
        const bool begins =
            threads.roots.empty() || messages[threads.roots.back()].subject != messages[i].subject;
        (begins ? threads.roots : threads.nodes[threads.roots.back()].children).push_back(i);
    }
    std::ranges::sort(threads.roots,
                      [&](std::uint32_t a, std::uint32_t b) { return when(a) < when(b); });
    return threads;
}

// thread-list = "(" (thread-members / thread-nested) ")", RFC 5256 §5. What is still to be written
// is a stack of ours: there is no limit to nesting.
void append_thread(std::string& out, const Threads& threads, std::uint32_t root,
                   const std::vector<std::uint32_t>& numbers) {
    constexpr auto kClose = UINT32_MAX;
    std::vector<std::uint32_t> todo{root};
    while (!todo.empty()) {
        const auto next = todo.back();
        todo.pop_back();
        if (next == kClose) {
            out += ')';
            continue;
        }
        out += '(';
        const auto* node = &threads.nodes[next];
        if (node->seq != 0) append_number(out, numbers[node->seq - 1]);
        while (node->children.size() == 1) {
            node = &threads.nodes[node->children.front()];
            append_number(out += ' ', numbers[node->seq - 1]);
        }
        if (node->seq != 0 && !node->children.empty()) out += ' ';
        todo.push_back(kClose);
        todo.insert(todo.end(), node->children.rbegin(), node->children.rend());
    }
}

} // namespace maild::imap
