// Which handler runs a command.
#include "imap/session.hpp"

namespace maild::imap {

// One flat switch; each case awaits at most one handler.
net::Task<Response> Session::run(const Command& command) {
    const auto& arguments = command.arguments;
    const auto verb = command.row->verb;
    switch (verb) {
    case Verb::capability: co_return do_capability();
    case Verb::noop: co_return ok("NOOP completed");
    case Verb::check: co_return ok("CHECK completed");
    case Verb::logout: co_return do_logout();
    case Verb::unauthenticate: co_return do_unauthenticate();
    case Verb::id: co_return do_id(std::get<Id>(arguments));
    case Verb::starttls: co_return do_starttls();
    case Verb::compress: co_return do_compress();
    case Verb::enable: co_return do_enable(std::get<Enable>(arguments));
    case Verb::namespaces:
        // RFC 2342 §5
        out_.text += "* NAMESPACE ((\"\" \"/\")) ((\"Other Users/\" \"/\")) NIL\r\n";
        co_return ok("NAMESPACE completed");
    case Verb::idle: {
        auto response = co_await do_idle(command.tag);
        co_return response;
    }
    case Verb::login: {
        auto response = co_await do_login(std::get<Login>(arguments));
        co_return response;
    }
    case Verb::authenticate: {
        auto response = co_await do_authenticate(std::get<Authenticate>(arguments), command.tag);
        co_return response;
    }
    case Verb::select:
    case Verb::examine: {
        auto response = co_await do_select(std::get<Select>(arguments), verb == Verb::examine);
        co_return response;
    }
    case Verb::create: {
        auto response = co_await do_create(std::get<Create>(arguments));
        co_return response;
    }
    case Verb::delete_mailbox: {
        auto response = co_await do_delete(std::get<MailboxArgument>(arguments));
        co_return response;
    }
    case Verb::rename: {
        auto response = co_await do_rename(std::get<Rename>(arguments));
        co_return response;
    }
    case Verb::subscribe:
    case Verb::unsubscribe: {
        auto response =
            co_await do_subscribe(std::get<MailboxArgument>(arguments), verb == Verb::subscribe);
        co_return response;
    }
    case Verb::list: {
        auto response = co_await do_list(std::get<List>(arguments));
        co_return response;
    }
    case Verb::lsub: {
        auto response = co_await do_lsub(std::get<List>(arguments));
        co_return response;
    }
    case Verb::status: {
        auto response = co_await do_status(std::get<StatusCommand>(arguments));
        co_return response;
    }
    case Verb::multisearch: {
        auto response = co_await do_multisearch(std::get<MultiSearch>(arguments), command.tag);
        co_return response;
    }
    case Verb::append: {
        auto response = co_await do_append(std::get<Append>(arguments));
        co_return response;
    }
    case Verb::get_quota: {
        auto response = co_await do_get_quota(std::get<QuotaRoot>(arguments));
        co_return response;
    }
    case Verb::get_quota_root: {
        auto response = co_await do_get_quota_root(std::get<MailboxArgument>(arguments));
        co_return response;
    }
    case Verb::get_metadata: {
        auto response = co_await do_get_metadata(std::get<GetMetadata>(arguments));
        co_return response;
    }
    case Verb::set_metadata: {
        auto response = co_await do_set_metadata(std::get<SetMetadata>(arguments));
        co_return response;
    }
    case Verb::notify: {
        auto response = co_await do_notify(std::get<Notify>(arguments));
        co_return response;
    }
    case Verb::set_acl: {
        auto response = co_await do_set_acl(std::get<SetAcl>(arguments));
        co_return response;
    }
    case Verb::delete_acl: {
        auto response = co_await do_delete_acl(std::get<AclArgument>(arguments));
        co_return response;
    }
    case Verb::get_acl: {
        auto response = co_await do_get_acl(std::get<MailboxArgument>(arguments));
        co_return response;
    }
    case Verb::list_rights: {
        auto response = co_await do_list_rights(std::get<AclArgument>(arguments));
        co_return response;
    }
    case Verb::my_rights: {
        auto response = co_await do_my_rights(std::get<MailboxArgument>(arguments));
        co_return response;
    }
    case Verb::set_quota: co_return do_set_quota(std::get<QuotaRoot>(arguments));
    default: break;
    }
    auto response = co_await run_selected(command);
    co_return response;
}

net::Task<Response> Session::run_selected(const Command& command) {
    const auto& arguments = command.arguments;
    const bool is_uid = command.row->is_uid;
    if (command.row->verb == Verb::close || command.row->verb == Verb::unselect) {
        auto response = co_await do_close(command.row->verb == Verb::close);
        co_return response;
    }
    const auto whole = co_await complete_view();
    if (!whole) co_return response_for(whole.error().code);
    switch (command.row->verb) {
    case Verb::cancel_update: co_return do_cancel_update(std::get<CancelUpdate>(arguments));
    case Verb::replace: {
        auto response = co_await do_replace(std::get<Replace>(arguments), is_uid);
        co_return response;
    }
    case Verb::expunge: {
        auto response = co_await do_expunge(arguments);
        co_return response;
    }
    case Verb::fetch: {
        auto response = co_await do_fetch(std::get<Fetch>(arguments), is_uid);
        co_return response;
    }
    case Verb::store: {
        auto response = co_await do_store(std::get<StoreFlags>(arguments), is_uid);
        co_return response;
    }
    case Verb::search: {
        auto response = co_await do_search(std::get<Search>(arguments), command.tag, is_uid);
        co_return response;
    }
    case Verb::sort: {
        auto response = co_await do_sort(std::get<Sort>(arguments), command.tag, is_uid);
        co_return response;
    }
    case Verb::thread: {
        auto response = co_await do_thread(std::get<Thread>(arguments), command.tag, is_uid);
        co_return response;
    }
    case Verb::copy:
    case Verb::move: {
        const CopyKind kind{command.tag, is_uid, command.row->verb == Verb::move};
        auto response = co_await do_copy(std::get<CopyTo>(arguments), kind);
        co_return response;
    }
    default: break;
    }
    co_return bad("Unknown command");
}

} // namespace maild::imap
