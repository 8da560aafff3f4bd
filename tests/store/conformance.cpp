#include "store/conformance.hpp"

#include <algorithm>
#include <sstream>

namespace maild::store::test {
namespace {

template <class T> std::string name_or_ok(const Result<T>& result) {
    return result ? "ok" : std::string(name_of(result.error().code));
}

std::string joined(const UidSet& uids) {
    std::string out;
    for (const auto& range : uids) {
        for (auto uid = range.first.value; uid <= range.last.value; ++uid)
            out += (out.empty() ? "" : " ") + std::to_string(uid);
    }
    return out;
}

std::string joined(const Result<CopyResult>& result) {
    if (!result) return std::string(name_of(result.error().code));
    std::string out;
    for (const auto& [from, to] : result->uids) {
        out +=
            (out.empty() ? "" : " ") + std::to_string(from.value) + ">" + std::to_string(to.value);
    }
    return out + (result->is_part ? " …" : "");
}

struct Text {
    std::string operator()(const Added& c) const {
        return "+" + std::to_string(c.message.uid.value);
    }
    std::string operator()(const FlagsChanged& c) const {
        std::string out;
        for (const auto& [first, last] : c.uids)
            for (auto uid = first.value; uid <= last.value; ++uid)
                out += (out.empty() ? "~" : " ~") + std::to_string(uid);
        return out;
    }
    std::string operator()(const Expunged& c) const { return "-" + std::to_string(c.uid.value); }
    std::string operator()(const KeywordsAdded& c) const {
        std::string out;
        for (const auto& keyword : c.keywords) out += (out.empty() ? "k:" : " k:") + keyword;
        return out;
    }
    std::string operator()(const MailboxDeleted&) const { return "x"; }
    std::string operator()(const RightsChanged& c) const { return "r:" + format_rights(c.rights); }
};

struct AccountText {
    std::string operator()(const MessagesChanged& c) const {
        return "#" + std::to_string(c.mailbox.value) + (c.come_or_gone ? "+-" : "") +
               (c.flags ? "~" : "");
    }
    std::string operator()(const NameCreated& c) const { return "new:" + c.name; }
    std::string operator()(const NameRemoved& c) const { return "gone:" + c.name; }
    std::string operator()(const NameRenamed& c) const { return c.from + ">" + c.to; }
    std::string operator()(const SubscriptionChanged& c) const { return "sub:" + c.name; }
};

} // namespace

bool Subject::run_until(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        if (io.stopped()) io.restart();
        io.run_one_for(std::chrono::milliseconds(20));
    }
    return true;
}

Client::Client(Subject& subject, std::int64_t account, std::uint64_t quota_bytes,
               std::int64_t domain)
    : subject_(subject) {
    const auto grant = token(subject, account, auth::Right::access, quota_bytes, 0, domain);
    const auto opened = subject.run(subject.store().open_session(grant, *this));
    if (!opened) throw std::runtime_error("open_session: " + opened.error().internal);
    id_ = *opened;
}

Client::Client(Subject& subject, const Client& from, const auth::Token& owner) : subject_(subject) {
    const auto opened = subject.run(subject.store().open_shared(from.id(), owner, *this));
    if (!opened) throw std::runtime_error("open_shared: " + opened.error().internal);
    id_ = *opened;
}

Client::~Client() { subject_.store().close_session(id_); }

void Client::on_changes(MailboxId, std::span<const Change> changes) {
    for (const auto& change : changes) {
        if (!news_.empty()) news_ += " ";
        news_ += std::visit(Text{}, change);
        changes_.push_back(change);
    }
}

void Client::on_annotations(const MailboxName& mailbox, std::span<const std::string> names) {
    annotation_news_ = mailbox;
    for (const auto& name : names) annotation_news_ += " " + name;
}

std::string Client::annotate(const std::string& mailbox, std::vector<Annotation> entries,
                             std::optional<SpecialUse> use) {
    const auto done =
        subject_.run(subject_.store().set_annotations(id_, mailbox, {std::move(entries), use}));
    return done ? "ok" : std::string(name_of(done.error().code));
}

Result<Annotations> Client::annotations(const std::string& mailbox, AnnotationQuery query) {
    return subject_.run(subject_.store().annotations(id_, mailbox, std::move(query)));
}

void Client::on_account(const AccountChange& change) {
    if (!account_news_.empty()) account_news_ += " ";
    account_news_ += std::visit(AccountText{}, change);
}

void Client::on_lost() { news_ += news_.empty() ? "lost" : " lost"; }

OpenedMailbox Client::open(const std::string& name, bool examine) {
    auto opened = subject_.run(subject_.store().open_mailbox(id_, name, examine));
    if (!opened)
        throw std::runtime_error("open " + name + ": " + std::string(name_of(opened.error().code)));
    return std::move(*opened);
}

std::string Client::append(const std::string& name, const std::vector<std::string>& contents,
                           FlagNames flags) {
    std::vector<AppendMessage> messages;
    for (const auto& content : contents) {
        messages.push_back({{content, structure("appended")}, flags, subject_.clock.now()});
    }
    const auto result = subject_.run(subject_.store().append(id_, name, std::move(messages)));
    return result ? joined(result->uids) : std::string(name_of(result.error().code));
}

std::string Client::store(UidSet uids, FlagChange change, FlagNames flags,
                          std::optional<ModSeq> unchanged_since) {
    const auto result = subject_.run(subject_.store().change_flags(
        id_, std::move(uids), change, std::move(flags), unchanged_since));
    if (!result) return std::string(name_of(result.error().code));
    std::string out;
    for (const auto& [first, last] : result->changed)
        for (auto uid = first.value; uid <= last.value; ++uid)
            out += (out.empty() ? "" : " ") + std::to_string(uid);
    for (const auto refused : result->modified) out += " !" + std::to_string(refused.value);
    return out;
}

std::string Client::copy(UidSet uids, const Destination& to) {
    return all_of(begin_copy(std::move(uids), to));
}
std::string Client::move(UidSet uids, const Destination& to) {
    return all_of(begin_move(std::move(uids), to));
}
std::string Client::all_of(std::string said) {
    constexpr std::string_view kMore = " …";
    while (said.ends_with(kMore)) {
        said.resize(said.size() - kMore.size());
        said += " " + copy_on();
    }
    return said;
}
std::string Client::begin_copy(UidSet uids, const Destination& to) {
    return joined(subject_.run(subject_.store().copy(id_, std::move(uids), to)));
}
std::string Client::begin_move(UidSet uids, const Destination& to) {
    return joined(subject_.run(subject_.store().move(id_, std::move(uids), to)));
}
std::string Client::copy_on() { return joined(subject_.run(subject_.store().copy_on(id_))); }
std::string Client::share(const std::string& name, Grantee who, std::string_view rights,
                          AclEdit edit, bool is_negative) {
    const AclChange change{who, is_negative, edit, parse_rights(rights).value()};
    return name_or_ok(subject_.run(subject_.store().change_acl(id_, name, change)));
}
std::string Client::rights(const std::string& name) {
    const auto rights = subject_.run(subject_.store().my_rights(id_, name));
    return rights ? format_rights(*rights) : std::string(name_of(rights.error().code));
}
std::string Client::acl(const std::string& name) {
    const auto acl = subject_.run(subject_.store().acl(id_, name));
    if (!acl) return std::string(name_of(acl.error().code));
    std::string out;
    for (const auto& entry : *acl) {
        out += (out.empty() ? "" : " ") + std::string(entry.is_negative ? "-" : "");
        out += entry.who.account ? std::to_string(entry.who.account.value)
                                 : "anyone@" + std::to_string(entry.who.domain.value);
        out += ":" + format_rights(entry.rights);
    }
    return out;
}
std::string Client::expunge(std::optional<UidSet> uids) {
    return name_or_ok(subject_.run(subject_.store().expunge(id_, std::move(uids))));
}
std::string Client::create(const std::string& name, SpecialUse use) {
    return name_or_ok(subject_.run(subject_.store().create_mailbox(id_, name, use)));
}
std::string Client::remove(const std::string& name) {
    return name_or_ok(subject_.run(subject_.store().delete_mailbox(id_, name)));
}
std::string Client::rename(const std::string& from, const std::string& to) {
    return name_or_ok(subject_.run(subject_.store().rename_mailbox(id_, from, to)));
}

std::string Client::names() {
    const auto list = subject_.run(subject_.store().list_mailboxes(id_));
    if (!list) return std::string(name_of(list.error().code));
    std::string out;
    for (const auto& entry : *list) {
        if (entry.is_selectable) out += (out.empty() ? "" : " ") + entry.name;
    }
    return out;
}

std::string Client::content(std::uint32_t number) {
    const auto result = subject_.run(subject_.store().fetch(id_, uid(number), kContent));
    if (!result) return std::string(name_of(result.error().code));
    if (result->messages.size() != 1) return "nothing";
    const auto& message = result->messages.front();
    return message.error ? std::string(name_of(*message.error)) : message.content;
}

MailboxStatus Client::status(const std::string& name) {
    const auto result = subject_.run(subject_.store().status(id_, name));
    if (!result)
        throw std::runtime_error("status " + name + ": " +
                                 std::string(name_of(result.error().code)));
    return *result;
}

auth::Token token(const Subject& subject, std::int64_t account, auth::Right right,
                  std::uint64_t quota_bytes, std::uint64_t quota_messages, std::int64_t domain) {
    auth::Token token{.account = AccountId(account),
                      .shard = ShardId(account > 100 ? 2 : 1),
                      .right = right,
                      .quota_bytes = quota_bytes,
                      .quota_messages = quota_messages,
                      .issued = subject.clock.now(),
                      .expires = subject.clock.now() + std::chrono::hours(1),
                      .domain = DomainId(domain),
                      .mac = {}};
    subject.key.sign(token);
    return token;
}

LocalRecipient recipient(const Subject& subject, std::int64_t account, std::uint64_t quota_bytes) {
    return {token(subject, account, auth::Right::deliver, quota_bytes),
            "INBOX",
            {},
            "ada@example.org",
            "Return-Path: <bob@example.net>\r\n"};
}

Structure structure(const std::string& name) {
    return {"(envelope " + name + ")", "(body " + name + ")", "(structure " + name + ")",
            "parts of " + name};
}

std::string deliver(Subject& subject, std::int64_t account, const std::string& content) {
    DeliverRequest request{{content, structure("delivered")},
                           {recipient(subject, account)},
                           std::nullopt,
                           subject.clock.now()};
    const auto result = subject.run(subject.store().deliver(std::move(request)));
    if (!result) return std::string(name_of(result.error().code));
    const auto& first = result->local.at(0);
    return first ? std::to_string(first->uid.value) : std::string(name_of(first.error().code));
}

UidSet uids(std::uint32_t first, std::uint32_t last) { return {{Uid(first), Uid(last)}}; }

std::string text(const OpenedMailbox& opened) {
    std::string out;
    for (const auto& message : opened.messages)
        out += (out.empty() ? "" : " ") + std::to_string(message.uid.value);
    return out;
}

} // namespace maild::store::test
