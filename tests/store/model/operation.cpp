#include "store/model/operation.hpp"

#include <array>

namespace maild::store::test {
namespace {

constexpr std::array kNames = {"INBOX", "INBOX", "INBOX", "Junk", "Trash", "a", "a/b", "x", "x/b"};
// Without those that open_session() makes anew.
constexpr std::array kRemovable = {"INBOX", "a", "a/b", "x", "x/b"};
constexpr std::array kAnnotations = {"/private/a", "/shared/b", "/shared/b/c"};
constexpr std::array kUses = {SpecialUse::none, SpecialUse::sent, SpecialUse::archive,
                              SpecialUse::flagged};
constexpr std::array kKeywords = {"$one", "$two", "Three"};
constexpr std::array kVerbs = {Verb::deliver, Verb::deliver,   Verb::deliver,  Verb::append,
                               Verb::append,  Verb::copy,      Verb::move,     Verb::flags,
                               Verb::flags,   Verb::expunge,   Verb::create,   Verb::remove,
                               Verb::rename,  Verb::subscribe, Verb::annotate, Verb::annotate};

std::string name_or(const Error& error) { return std::string(name_of(error.code)); }

std::string joined(const UidSet& uids) {
    std::string text;
    for (const auto& range : uids) {
        text += (text.empty() ? "" : ",") + std::to_string(range.first.value) + ":" +
                std::to_string(range.last.value);
    }
    return text;
}

template <class T> std::string ok_or_error(const Result<T>& result) {
    return result ? "ok" : name_or(result.error());
}

std::string answer_of(const Result<CopyResult>& result) {
    if (!result) return name_or(result.error());
    std::string text = "copied";
    for (const auto& [from, to] : result->uids)
        text += " " + std::to_string(from.value) + ">" + std::to_string(to.value);
    return text;
}

std::string answer_of(const Result<FlagChangeResult>& result) {
    if (!result) return name_or(result.error());
    std::string text = "changed";
    for (const auto& [first, last] : result->changed)
        for (auto uid = first.value; uid <= last.value; ++uid) text += " " + std::to_string(uid);
    return text;
}

std::string answer_of(const Result<DeliverResult>& result) {
    if (!result) return name_or(result.error());
    std::string text = "delivered";
    for (const auto& one : result->local)
        text += " " + (one ? std::to_string(one->uid.value) : name_or(one.error()));
    return text;
}

DeliverRequest request_for(Subject& subject, const Operation& operation) {
    const auto& content = operation.contents.front();
    DeliverRequest request{{content, structure("d" + std::to_string(content.size()))},
                           {},
                           std::nullopt,
                           subject.clock.now()};
    for (const auto account : operation.recipients) {
        auto local = recipient(subject, account);
        local.mailbox = operation.mailbox;
        local.flags = operation.flags;
        local.trace_prefix = "Delivered-To: " + std::to_string(account) + "\r\n";
        request.local.push_back(std::move(local));
    }
    if (operation.relayed == 0) return request;
    request.relay = RelayRequest{token(subject, operation.account), {}, "Received: x\r\n", "held"};
    for (int i = 0; i < operation.relayed; ++i) {
        request.relay->envelope.recipients.push_back(
            {"r" + std::to_string(i) + "@example.com", {}, {}});
    }
    return request;
}

} // namespace

Group Generator::next() {
    Group group;
    group.pause = std::chrono::seconds(below(90));
    if (chance(5)) group.pause = std::chrono::hours(24 * 31); // beyond the retention
    group.ticks = chance(30) ? 1 + static_cast<int>(below(4)) : 0;
    const auto count = chance(60) ? 1 : 2 + below(3);
    for (std::uint64_t i = 0; i < count; ++i) group.operations.push_back(operation());
    return group;
}

Operation Generator::operation() {
    Operation made;
    made.verb = kVerbs[below(kVerbs.size())];
    made.account = 1 + static_cast<std::int64_t>(below(kAccounts));
    made.mailbox = mailbox();
    made.destination = mailbox();
    made.uids = some_uids();
    made.change = static_cast<FlagChange>(below(3));
    made.flags = some_flags();
    if (made.verb == Verb::remove || made.verb == Verb::rename)
        made.mailbox = kRemovable[below(kRemovable.size())];
    const auto count = made.verb == Verb::append ? 1 + below(3) : 1;
    for (std::uint64_t i = 0; i < count; ++i) made.contents.push_back(content());
    if (made.verb == Verb::deliver) {
        made.relayed = chance(25) ? 1 + static_cast<int>(below(3)) : 0;
        for (std::int64_t account = 1; account <= kAccounts; ++account) {
            if (chance(60)) made.recipients.push_back(account);
        }
        if (made.recipients.empty() && made.relayed == 0) made.recipients.push_back(1);
        if (chance(80)) made.mailbox = "INBOX";
    }
    if (made.verb == Verb::deliver || made.verb == Verb::append) ++added_;
    if (made.verb == Verb::annotate) made.annotations = annotations(made.mailbox);
    return made;
}

// Of the mailbox, or now and then of the server.
AnnotationChange Generator::annotations(std::string& mailbox) {
    AnnotationChange change;
    const auto count = below(3);
    for (std::uint64_t i = 0; i < count; ++i) {
        Annotation entry{kAnnotations[below(kAnnotations.size())], std::nullopt};
        if (chance(70)) entry.value = std::string(below(9000), static_cast<char>(below(256)));
        change.entries.push_back(std::move(entry));
    }
    if (chance(30)) mailbox.clear();
    if (!mailbox.empty() && chance(30)) change.use = kUses[below(kUses.size())];
    return change;
}

std::string Generator::mailbox() { return kNames[below(kNames.size())]; }

// Each is told from every other by its bytes; some are longer than a page, some than a segment's
// rest.
std::string Generator::content() {
    constexpr std::array<std::uint64_t, 4> kSizes = {40, 700, 5000, 14'000};
    auto text = "Subject: " + std::to_string(++contents_) + "\r\n\r\n";
    const auto size = below(kSizes[below(kSizes.size())]);
    for (std::uint64_t i = 0; i < size; ++i) text += static_cast<char>('a' + random_() % 26);
    return text + "\r\n";
}

UidSet Generator::some_uids() {
    if (chance(20)) return everything();
    const auto first = 1 + static_cast<std::uint32_t>(below(added_));
    UidSet set = uids(first, first + static_cast<std::uint32_t>(below(3)));
    if (chance(30)) set.push_back({Uid(first + 5), Uid(first + 5)});
    return set;
}

FlagNames Generator::some_flags() {
    FlagNames flags;
    for (const auto flag : {kSeen, kAnswered, kFlagged, kDeleted, kDeleted}) {
        if (chance(40)) flags.system |= flag;
    }
    if (chance(30)) flags.keywords.emplace_back(kKeywords[below(kKeywords.size())]);
    return flags;
}

net::Task<std::string> perform(Subject& subject, SessionId session, Operation operation) {
    auto& store = subject.store();
    switch (operation.verb) {
    case Verb::deliver: {
        auto request = request_for(subject, operation);
        const auto done = co_await store.deliver(std::move(request));
        co_return answer_of(done);
    }
    case Verb::append: {
        std::vector<AppendMessage> messages;
        for (const auto& content : operation.contents)
            messages.push_back({{content, structure("a")}, operation.flags, subject.clock.now()});
        const auto done = co_await store.append(session, operation.mailbox, std::move(messages));
        co_return done ? "appended " + joined(done->uids) : name_or(done.error());
    }
    case Verb::copy: {
        const auto done = co_await store.copy(session, operation.uids, operation.destination);
        co_return answer_of(done);
    }
    case Verb::move: {
        const auto done = co_await store.move(session, operation.uids, operation.destination);
        co_return answer_of(done);
    }
    case Verb::flags: {
        const auto done = co_await store.change_flags(session, operation.uids, operation.change,
                                                      operation.flags, std::nullopt);
        co_return answer_of(done);
    }
    case Verb::expunge: {
        const auto done = co_await store.expunge(session, operation.uids);
        co_return ok_or_error(done);
    }
    case Verb::create: {
        const auto done =
            co_await store.create_mailbox(session, operation.mailbox, SpecialUse::none);
        co_return ok_or_error(done);
    }
    case Verb::remove: {
        const auto done = co_await store.delete_mailbox(session, operation.mailbox);
        co_return ok_or_error(done);
    }
    case Verb::rename: {
        const auto done =
            co_await store.rename_mailbox(session, operation.mailbox, operation.destination);
        co_return ok_or_error(done);
    }
    case Verb::subscribe: {
        const auto done = co_await store.subscribe(session, operation.mailbox,
                                                   operation.change == FlagChange::add);
        co_return ok_or_error(done);
    }
    case Verb::annotate: {
        const auto done = co_await store.set_annotations(session, operation.mailbox,
                                                         std::move(operation.annotations));
        co_return ok_or_error(done);
    }
    }
    co_return "no such verb";
}

bool is_fault(const std::string& answer) {
    for (const auto code :
         {Errc::io, Errc::no_space, Errc::unavailable, Errc::busy, Errc::corrupt, Errc::internal}) {
        if (answer.find(name_of(code)) != answer.npos) return true;
    }
    return false;
}

std::string to_string(const Operation& operation) {
    constexpr std::array kWords = {"deliver", "append", "copy",   "move",      "flags",   "expunge",
                                   "create",  "remove", "rename", "subscribe", "annotate"};
    std::string text = kWords[static_cast<std::size_t>(operation.verb)];
    text += " account " + std::to_string(operation.account) + " " + operation.mailbox + " -> " +
            operation.destination + " uids " + joined(operation.uids) + " flags " +
            std::to_string(operation.flags.system);
    for (const auto& keyword : operation.flags.keywords) text += " " + keyword;
    for (const auto& [name, value] : operation.annotations.entries)
        text += " " + name + " " + (value ? std::to_string(value->size()) : "NIL");
    if (operation.annotations.use)
        text += " use " + std::to_string(static_cast<int>(*operation.annotations.use));
    for (const auto& content : operation.contents) text += " " + std::to_string(content.size());
    text += " to";
    for (const auto account : operation.recipients) text += " " + std::to_string(account);
    return text + " and " + std::to_string(operation.relayed) + " elsewhere";
}

} // namespace maild::store::test
