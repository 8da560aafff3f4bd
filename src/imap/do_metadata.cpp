// GETMETADATA, SETMETADATA (RFC 5464 §4), and news of what others change.
#include "imap/mailbox_name.hpp"
#include "imap/metadata.hpp"
#include "imap/session.hpp"
#include "imap/special_use.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

constexpr std::size_t kMaxNews = 1000; // entries that a client has not heard of yet

// RFC 6154 §4: what CREATE refuses is refused here, too. NIL and nothing: no use.
Result<store::SpecialUse, Response> use_of(const std::optional<std::string>& value) {
    if (!value || value->empty()) return store::SpecialUse::none;
    const auto use =
        value->starts_with('\\') ? parse_special_use(value->substr(1)) : store::SpecialUse::none;
    if (use == store::SpecialUse::none)
        return std::unexpected(no("[USEATTR] This use is not supported"));
    return use;
}

bool has_private(const SetMetadata& set) {
    return std::ranges::any_of(set.entries, [](const store::Annotation& entry) {
        return entry.name.starts_with("/private/");
    });
}

Result<store::AnnotationChange, Response> change_of_mailbox(const SetMetadata& set) {
    store::AnnotationChange change;
    for (const auto& entry : set.entries) {
        if (entry.name != store::kSpecialUseEntry) {
            change.entries.push_back(entry);
            continue;
        }
        const auto use = use_of(entry.value);
        if (!use) return std::unexpected(use.error());
        change.use = *use;
    }
    return change;
}

// What everybody sees of the server is the administrator's (§3.3); what nobody else sees is free.
Result<store::AnnotationChange, Response> change_of_server(const SetMetadata& set) {
    const auto is_shared = [](const store::Annotation& entry) {
        return entry.name.starts_with("/shared/");
    };
    if (std::ranges::any_of(set.entries, is_shared))
        return std::unexpected(no("[NOPERM] The administrator sets what all see of the server"));
    return store::AnnotationChange{set.entries, std::nullopt};
}

} // namespace

net::Task<Result<store::Annotations>> Session::look_up(store::MailboxName name,
                                                       store::AnnotationQuery query) {
    const auto place = co_await visits_->locate(name);
    if (!place) co_return std::unexpected(place.error());
    auto found = co_await store().annotations(place->session, place->name, query);
    if (!found) co_return found;
    if (!name.empty()) {
        add_computed(*found, query, store::kSpecialUseEntry, use_value(found->use));
        co_return found;
    }
    for (const auto& entry : server_.backend.server_annotations())
        add_computed(*found, query, entry.name, entry.value.value_or(std::string()));
    co_return found;
}

net::Task<Response> Session::do_get_metadata(const GetMetadata& get) {
    store::MailboxName mailbox; // empty: the server
    if (!get.name.empty()) {
        auto name = to_mailbox_name(get.name, name_form());
        if (!name) co_return response_for(Errc::no_such_mailbox);
        mailbox = std::move(*name);
    }
    auto query = query_of(get.entries, get.depth, get.max_size);
    const auto found = co_await look_up(mailbox, std::move(query));
    if (!found) co_return response_for(found.error().code);
    append_metadata(out_.text, mailbox, answer_of(get, *found), name_form());
    if (found->too_long.empty()) co_return ok("GETMETADATA completed");
    // §4.2.1
    co_return ok("[METADATA LONGENTRIES " + std::to_string(found->longest) +
                 "] GETMETADATA completed");
}

net::Task<Response> Session::do_set_metadata(const SetMetadata& set) {
    store::MailboxName mailbox;
    if (!set.name.empty()) {
        auto name = to_mailbox_name(set.name, name_form());
        if (!name) co_return response_for(Errc::no_such_mailbox);
        mailbox = std::move(*name);
    }
    auto change = mailbox.empty() ? change_of_server(set) : change_of_mailbox(set);
    if (!change) co_return std::move(change.error());
    const auto place = co_await visits_->locate(std::move(mailbox));
    if (!place) co_return response_for(place.error().code);
    if (place->session != *store_session_ && has_private(set))
        co_return no("[METADATA NOPRIVATE] Private entries are the owner's"); // §4.3
    const auto done =
        co_await store().set_annotations(place->session, place->name, std::move(*change));
    if (!done) co_return refuse_change(done.error().code);
    co_return ok("SETMETADATA completed");
}

// RFC 9590 §3: as GETMETADATA would answer. What cannot be looked up is left out.
net::Task<void> Session::tell_metadata(const store::MailboxName& name,
                                       const std::vector<std::string>& entries) {
    const GetMetadata get{name, entries, store::Depth::itself, UINT32_MAX};
    auto query = query_of(entries, get.depth, get.max_size);
    const auto found = co_await look_up(name, std::move(query));
    if (found) append_metadata(out_.text, name, answer_of(get, *found), name_form());
}

// §4.4: for who has enabled it, or asked for it by NOTIFY (RFC 5465 §5.6, §5.7).
void Session::on_annotations(const store::MailboxName& mailbox,
                             std::span<const std::string> names) {
    const auto event = mailbox.empty() ? kServerMetadataChange : kMailboxMetadataChange;
    if (!hears_metadata_ && !(watch_ && watch_->wants(event))) return;
    if (metadata_news_size_ > kMaxNews) return;
    auto& news = metadata_news_[mailbox];
    for (const auto& name : names) metadata_news_size_ += news.insert(name).second ? 1 : 0;
    if (!is_busy_ && listens()) wake_.notify();
}

net::Task<void> Session::tell_metadata_news() {
    // It has not been listening; by coming back it learns everything.
    if (metadata_news_size_ > kMaxNews) co_return bye("[UNAVAILABLE] Too many changes to tell");
    const auto news = std::exchange(metadata_news_, {});
    metadata_news_size_ = 0;
    std::vector<store::MailboxEntry> entries; // which mailboxes NOTIFY means depends on them
    if (!hears_metadata_) {
        auto listed = co_await store().list_mailboxes(*store_session_);
        if (listed) entries = std::move(*listed);
    }
    for (const auto& [mailbox, names] : news) {
        const auto entry = std::ranges::find(entries, mailbox, &store::MailboxEntry::name);
        const bool is_meant =
            hears_metadata_ || mailbox.empty() ||
            (entry != entries.end() && (watch_->events_of(*entry) & kMailboxMetadataChange) != 0);
        if (is_meant) append_metadata_news(out_.text, mailbox, names, name_form());
    }
}

} // namespace maild::imap
