// LocalStore: annotations, and who is told when they change.
#include "store/local_store_impl.hpp"
#include "store/reads.hpp"

namespace maild::store {
namespace {

// What asks for room on the disk: the reserve of a full one is for those who make room.
std::uint64_t bytes_of(const AnnotationChange& change) {
    std::uint64_t bytes = 0;
    for (const auto& entry : change.entries) {
        if (entry.value) bytes += entry.name.size() + entry.value->size();
    }
    return bytes;
}

} // namespace

void LocalStore::Impl::tell_annotations(AccountId account, SessionId except,
                                        const MailboxName& mailbox,
                                        std::span<const std::string> names) {
    for (const auto& [id, session] : sessions) {
        if (session.access.is_own() && session.access.account == account && id != except)
            session.sink->on_annotations(mailbox, names);
    }
}

net::Task<Result<Annotations>> LocalStore::annotations(SessionId id, MailboxName name,
                                                       AnnotationQuery query) {
    const auto session = impl_->session(id);
    if (!session) co_return pass(session);
    auto look = [access = (*session)->access, name = std::move(name), query = std::move(query)](
                    Reading& reading) { return read_annotations(reading, access, name, query); };
    auto found = co_await impl_->read<Annotations>(*(*session)->shard, std::move(look));
    co_return found;
}

net::Task<Result<void>> LocalStore::set_annotations(SessionId id, MailboxName name,
                                                    AnnotationChange change) {
    const auto session = impl_->session(id);
    if (!session) co_return pass(session);
    if (auto valid = check_change(change); !valid) co_return valid;
    const auto access = (*session)->access;
    const auto account = access.account;
    const auto names = changed_names(change);
    const auto bytes = bytes_of(change);
    const bool sets_use = change.use.has_value();
    auto& shard = *(*session)->shard;
    auto commit = [access, name, change = std::move(change)](Batch& batch) {
        return store::set_annotations(batch, access, name, change);
    };
    const auto without =
        co_await impl_->write<std::vector<MailboxName>>(shard, std::move(commit), id, bytes);
    if (!without) co_return pass(without);
    if (sets_use) shard.known.forget(account); // who has which default mailboxes
    impl_->tell_annotations(account, id, name, names);
    const std::string use(kSpecialUseEntry);
    for (const auto& other : *without)
        impl_->tell_annotations(account, SessionId(), other, {&use, 1});
    co_return Result<void>();
}

} // namespace maild::store
