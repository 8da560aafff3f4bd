// RemoteStore: one message for each call.
#include "store/remote_store_impl.hpp"

namespace maild::store {

using wire::Type;

net::Task<Result<void>> RemoteStore::check_room(const auth::Token& grant, std::uint64_t size) {
    return impl_->command(Type::check_room, wire::CheckRoom{grant, size});
}

namespace {

// A large message is in memory once, wherever it is on its way.
Result<ipc::Blob> blob_of(const MessageSource& message) {
    if (message.octets == nullptr) return ipc::Blob::copy(message.content);
    return ipc::Blob::take({message.octets, message.content.size()});
}

Result<ipc::Blob> blob_of(std::span<const AppendMessage> messages) {
    if (messages.size() == 1) return blob_of(messages.front().message);
    ipc::BlobWriter writer;
    for (const auto& one : messages) {
        const auto written = writer.append(one.message.content);
        if (!written) return pass(written);
    }
    return writer.finish();
}

} // namespace

net::Task<Result<DeliverResult>> RemoteStore::deliver(DeliverRequest request) {
    const auto impl = impl_;
    auto blob = blob_of(request.message);
    if (!blob) co_return pass(blob);
    wire::Deliver message{std::move(request.message.structure), std::move(request.local),
                          std::move(request.relay), request.internal_date,
                          std::move(request.reports_on)};
    auto payload = ipc::encode(message);
    const auto reply = co_await impl->line.call(wire::number(Type::deliver), std::move(payload),
                                                std::move(*blob), impl->timeout);
    if (!reply) co_return pass(reply);
    co_return ipc::decode<DeliverResult>(*reply);
}

net::Task<Result<void>> RemoteStore::claim(SessionId session, MailboxName name) {
    return impl_->command(Type::claim, wire::Named{session, std::move(name)});
}

net::Task<Result<std::vector<MailboxEntry>>> RemoteStore::list_mailboxes(SessionId session) {
    return impl_->call<std::vector<MailboxEntry>>(Type::list_mailboxes, wire::OfSession{session});
}

net::Task<Result<MailboxStatus>> RemoteStore::status(SessionId session, MailboxName name) {
    return impl_->call<MailboxStatus>(Type::status, wire::Named{session, std::move(name)});
}

net::Task<Result<MailboxId>> RemoteStore::create_mailbox(SessionId session, MailboxName name,
                                                         SpecialUse use) {
    return impl_->call<MailboxId>(Type::create_mailbox,
                                  wire::Create{session, std::move(name), use});
}

net::Task<Result<void>> RemoteStore::delete_mailbox(SessionId session, MailboxName name) {
    return impl_->command(Type::delete_mailbox, wire::Named{session, std::move(name)});
}

net::Task<Result<void>> RemoteStore::rename_mailbox(SessionId session, MailboxName from,
                                                    MailboxName to) {
    return impl_->command(Type::rename_mailbox,
                          wire::Rename{session, std::move(from), std::move(to)});
}

net::Task<Result<void>> RemoteStore::subscribe(SessionId session, MailboxName name,
                                               bool subscribed) {
    return impl_->command(Type::subscribe, wire::Subscribe{session, std::move(name), subscribed});
}

net::Task<Result<QuotaUsage>> RemoteStore::quota(SessionId session, MailboxName name) {
    return impl_->call<QuotaUsage>(Type::quota, wire::Named{session, std::move(name)});
}

net::Task<Result<Sharers>> RemoteStore::sharing_accounts(SessionId session) {
    return impl_->call<Sharers>(Type::sharing_accounts, wire::OfSession{session});
}

net::Task<Result<Acl>> RemoteStore::acl(SessionId session, MailboxName name) {
    return impl_->call<Acl>(Type::acl, wire::Named{session, std::move(name)});
}

net::Task<Result<void>> RemoteStore::change_acl(SessionId session, MailboxName name,
                                                AclChange change) {
    return impl_->command(Type::change_acl, wire::ChangeAcl{session, std::move(name), change});
}

net::Task<Result<Rights>> RemoteStore::my_rights(SessionId session, MailboxName name) {
    return impl_->call<Rights>(Type::my_rights, wire::Named{session, std::move(name)});
}

net::Task<Result<Acl>> RemoteStore::acl_of(AccountRef account, MailboxName name) {
    return impl_->call<Acl>(Type::acl_of, wire::AclOf{account, std::move(name), {}});
}

net::Task<Result<void>> RemoteStore::set_acl_of(AccountRef account, MailboxName name,
                                                AclChange change) {
    return impl_->command(Type::set_acl_of, wire::AclOf{account, std::move(name), change});
}

net::Task<Result<Annotations>> RemoteStore::annotations(SessionId session, MailboxName name,
                                                        AnnotationQuery query) {
    return impl_->call<Annotations>(
        Type::annotations, wire::GetAnnotations{session, std::move(name), std::move(query)});
}

net::Task<Result<void>> RemoteStore::set_annotations(SessionId session, MailboxName name,
                                                     AnnotationChange change) {
    return impl_->command(Type::set_annotations,
                          wire::SetAnnotations{session, std::move(name), std::move(change)});
}

net::Task<Result<std::vector<MessageState>>> RemoteStore::message_states(SessionId session) {
    const auto impl = impl_;
    ipc::Message request;
    request.payload = ipc::encode(wire::OfSession{session});
    const auto reply = co_await impl->line.exchange(wire::number(Type::message_states),
                                                    std::move(request), impl->timeout);
    if (!reply) co_return pass(reply);
    co_return ipc::decode<std::vector<MessageState>>(reply->blob.view());
}

net::Task<Result<FetchResult>> RemoteStore::fetch(SessionId session, UidSet uids,
                                                  std::uint32_t items) {
    return impl_->call<FetchResult>(Type::fetch, wire::Fetch{session, std::move(uids), items});
}

net::Task<Result<std::string>> RemoteStore::read(SessionId session, Uid uid, std::uint64_t offset,
                                                 std::uint64_t length) {
    const auto impl = impl_;
    wire::Read message{session, uid, offset, length};
    ipc::Message request;
    request.payload = ipc::encode(message);
    const auto reply =
        co_await impl->line.exchange(wire::number(Type::read), std::move(request), impl->timeout);
    if (!reply) co_return pass(reply);
    co_return std::string(reply->blob.view());
}

net::Task<Result<FlagChangeResult>>
RemoteStore::change_flags(SessionId session, UidSet uids, FlagChange change, FlagNames flags,
                          std::optional<ModSeq> unchanged_since) {
    return impl_->call<FlagChangeResult>(
        Type::change_flags,
        wire::ChangeFlags{session, std::move(uids), change, std::move(flags), unchanged_since});
}

net::Task<Result<CopyResult>> RemoteStore::copy(SessionId session, UidSet uids,
                                                Destination destination) {
    return impl_->call<CopyResult>(
        Type::copy,
        wire::Copy{session, std::move(uids), std::move(destination.name), destination.session});
}

net::Task<Result<CopyResult>> RemoteStore::move(SessionId session, UidSet uids,
                                                Destination destination) {
    return impl_->call<CopyResult>(
        Type::move,
        wire::Copy{session, std::move(uids), std::move(destination.name), destination.session});
}

net::Task<Result<CopyResult>> RemoteStore::copy_on(SessionId session) {
    return impl_->call<CopyResult>(Type::copy_on, wire::OfSession{session});
}

net::Task<Result<void>> RemoteStore::expunge(SessionId session, std::optional<UidSet> uids) {
    return impl_->command(Type::expunge, wire::Expunge{session, std::move(uids)});
}

net::Task<Result<std::optional<UidSet>>> RemoteStore::vanished(SessionId session, UidSet uids,
                                                               ModSeq since) {
    return impl_->call_for_blob<std::optional<UidSet>>(
        Type::vanished, wire::Vanished{session, std::move(uids), since});
}

net::Task<Result<NarrowResult>> RemoteStore::narrow(SessionId session, UidSet uids,
                                                    std::vector<Needle> needles) {
    return impl_->call_for_blob<NarrowResult>(
        Type::narrow, wire::Narrow{session, std::move(uids), std::move(needles)});
}

net::Task<Result<AppendResult>> RemoteStore::append(SessionId session, MailboxName name,
                                                    std::vector<AppendMessage> messages,
                                                    std::optional<Uid> replaced) {
    const auto impl = impl_;
    wire::Append message{session, std::move(name), {}, replaced};
    auto blob = blob_of(messages);
    if (!blob) co_return pass(blob);
    for (auto& one : messages) {
        message.messages.push_back({one.message.content.size(), std::move(one.message.structure),
                                    std::move(one.flags), one.internal_date});
    }
    auto payload = ipc::encode(message);
    const auto reply = co_await impl->line.call(wire::number(Type::append), std::move(payload),
                                                std::move(*blob), impl->timeout);
    if (!reply) co_return pass(reply);
    co_return ipc::decode<AppendResult>(*reply);
}

net::Task<Result<StoreFigures>> RemoteStore::figures() {
    return impl_->call<StoreFigures>(Type::figures, ipc::Nothing{});
}

net::Task<Result<std::vector<AccountUsage>>> RemoteStore::usage(std::vector<AccountRef> accounts) {
    return impl_->call<std::vector<AccountUsage>>(Type::usage, wire::Usage{std::move(accounts)});
}

net::Task<Result<std::vector<std::pair<MailboxEntry, MailboxStatus>>>>
RemoteStore::mailboxes(AccountRef account) {
    return impl_->call<std::vector<std::pair<MailboxEntry, MailboxStatus>>>(Type::mailboxes,
                                                                            account);
}

net::Task<Result<void>> RemoteStore::remove_account(AccountRef account) {
    return impl_->command(Type::remove_account, account);
}

net::Task<Result<void>> RemoteStore::drop_sessions(AccountRef account) {
    return impl_->command(Type::drop_sessions, account);
}

net::Task<Result<std::vector<queue::QueuedRecipient>>> RemoteStore::queued(QueueId after,
                                                                           std::uint32_t limit) {
    return impl_->call<std::vector<queue::QueuedRecipient>>(Type::queued,
                                                            wire::Queued{after, limit});
}

net::Task<Result<CheckSlice>> RemoteStore::check(CheckRequest request) {
    return impl_->call<CheckSlice>(Type::check, request);
}

} // namespace maild::store
