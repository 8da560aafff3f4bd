#pragma once
// METADATA responses (RFC 5464 §4.4), and the entries that the store does not keep: what the server
// says of itself, and a mailbox's special use (RFC 6154 §4). Pure.

#include "imap/command.hpp"
#include "imap/respond.hpp"

#include "maild/store/annotation.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maild::imap {

store::AnnotationQuery query_of(const std::vector<std::string>& entries, store::Depth depth,
                                std::uint32_t max_size);
// One more entry, if the question is about it.
void add_computed(store::Annotations& found, const store::AnnotationQuery& query,
                  std::string_view name, std::string_view value);
// The special use as the LIST response shows it; nothing where there is none.
std::string use_value(store::SpecialUse use);

// What is to be said of the entries that were asked for. Asked for alone, an entry without a value
// is NIL; below others only those are named that have one.
std::vector<store::Annotation> answer_of(const GetMetadata& get, const store::Annotations& found);

// "* METADATA mailbox (entry value …)"; nothing for no entry, which the grammar does not have.
void append_metadata(std::string& out, const store::MailboxName& mailbox,
                     std::span<const store::Annotation> entries, NameForm form);
// "* METADATA mailbox entry …" of changes, §4.4.2
template <class Names>
void append_metadata_news(std::string& out, const store::MailboxName& mailbox, const Names& names,
                          NameForm form) {
    out += "* METADATA ";
    append_mailbox(out, mailbox, form);
    for (const auto& name : names) append_astring(out += ' ', name);
    out += "\r\n";
}

// §4.3: why a change was refused.
Response refuse_change(Errc code);

} // namespace maild::imap
