// What a store looks like from outside, as text.
#include "store/model/operation.hpp"

#include <map>

namespace maild::store::test {
namespace {

std::string counts(const MailboxStatus& status, std::uint32_t first_validity) {
    return " v" + std::to_string(status.uid_validity.value - first_validity) + " n" +
           std::to_string(status.uid_next.value) + " m" +
           std::to_string(status.highest_modseq.value) + " " + std::to_string(status.messages) +
           " messages, " + std::to_string(status.unseen) + " unseen, " +
           std::to_string(status.deleted) + " deleted, " + std::to_string(status.size) +
           " octets, " + std::to_string(status.deleted_size) + " of them deleted\n";
}

// By name: the order in which keywords came into the table is the implementation's own.
std::string flags_of(const MessageState& message, const Keywords& keywords) {
    std::string text;
    for (unsigned bit = 0; bit < kFirstKeyword; ++bit)
        text += (message.flags.bits >> bit & 1) != 0 ? static_cast<char>('1' + bit) : '-';
    for (std::size_t i = 0; i < keywords.size(); ++i) {
        if ((message.flags.bits >> (kFirstKeyword + i) & 1) != 0) text += " " + keywords[i];
    }
    return text;
}

std::string messages_of(Subject& subject, Client& client, const std::string& name) {
    const auto opened = client.open(name, true);
    std::string text;
    std::map<Uid, MessageState> states;
    for (const auto& message : opened.messages) states.emplace(message.uid, message);
    for (std::optional<Uid> next = Uid(1); next;) {
        auto fetched = subject.run(
            subject.store().fetch(client.id(), {{*next, Uid(UINT32_MAX)}},
                                  kContent | kEnvelope | kInternalDate | kSize | kParts));
        if (!fetched) return text + "  fetch: " + std::string(name_of(fetched.error().code)) + "\n";
        for (const auto& message : fetched->messages) {
            const auto& state = states[message.uid];
            text += "  " + std::to_string(message.uid.value) + " m" +
                    std::to_string(state.modseq.value) + " " + flags_of(state, opened.keywords) +
                    " " + std::to_string(message.internal_date.time_since_epoch().count()) + " " +
                    message.structure.envelope + message.structure.parts + " " +
                    std::to_string(message.size) + "=" + std::to_string(message.content.size()) +
                    " " + std::to_string(std::hash<std::string>{}(message.content)) +
                    (message.error ? " " + std::string(name_of(*message.error)) : "") + "\n";
        }
        next = fetched->next;
    }
    return text;
}

std::string annotations_of(Client& client, const std::string& mailbox) {
    const auto found = client.annotations(mailbox, {{"/private", "/shared"}, Depth::all});
    if (!found) return "annotations: " + std::string(name_of(found.error().code)) + "\n";
    std::string text;
    for (const auto& [name, value] : found->entries)
        text += "  " + name + " " + std::to_string(std::hash<std::string>{}(*value)) + "\n";
    return text;
}

std::string account_of(Subject& subject, std::int64_t account) {
    Client client(subject, account);
    const AccountRef reference{AccountId(account), ShardId(1)};
    const auto mailboxes = subject.run(subject.admin().mailboxes(reference));
    if (!mailboxes) return "mailboxes: " + std::string(name_of(mailboxes.error().code));
    std::uint32_t first_validity = 0;
    for (const auto& [entry, status] : *mailboxes) {
        if (entry.name == "INBOX") first_validity = status.uid_validity.value;
    }
    std::string text;
    for (const auto& [entry, status] : *mailboxes) {
        text += entry.name + (entry.is_subscribed ? " s" : " -") + " u" +
                std::to_string(static_cast<int>(entry.special_use)) +
                (entry.is_selectable ? counts(status, first_validity) : "\n");
        text += annotations_of(client, entry.name);
        if (status.messages > 0) text += messages_of(subject, client, entry.name);
    }
    const auto listed = subject.run(subject.store().list_mailboxes(client.id()));
    if (!listed) return "list: " + std::string(name_of(listed.error().code));
    for (const auto& entry : *listed) {
        if (!entry.id) text += entry.name + (entry.is_subscribed ? " only subscribed\n" : "\n");
    }
    text += "server\n" + annotations_of(client, {});
    const auto usage = subject.run(subject.admin().usage({reference}));
    if (!usage) return "usage: " + std::string(name_of(usage.error().code));
    return text + "usage " + std::to_string(usage->at(0).bytes) + " in " +
           std::to_string(usage->at(0).messages) + "\n";
}

} // namespace

std::string view_of(Subject& subject) {
    std::string text;
    for (std::int64_t account = 1; account <= kAccounts; ++account)
        text += "account " + std::to_string(account) + "\n" + account_of(subject, account);
    const auto queued = subject.run(subject.admin().queued(QueueId(), 10'000));
    if (!queued) return text + "queue: " + std::string(name_of(queued.error().code));
    for (const auto& row : *queued)
        text += "queue " + row.recipient + " " + row.reason + " " + std::to_string(row.size) + "\n";
    return text;
}

} // namespace maild::store::test
