#pragma once
// What CATENATE puts together (RFC 4469 §3): texts that the client has sent, and octets of messages
// that are here already. One for each command; all that it makes is counted together.

#include "imap/beside.hpp"
#include "imap/command.hpp"
#include "imap/imap_url.hpp"
#include "imap/mailbox_view.hpp"
#include "imap/respond.hpp"
#include "imap/room.hpp"
#include "imap/section.hpp"
#include "imap/visits.hpp"

#include "maild/mail/part_index.hpp"
#include "maild/net/task.hpp"
#include "maild/store/message_store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace maild::imap {

class Catenation {
public:
    struct Handles {
        store::SessionId own;
        store::SessionId selected;
        Visits& visits;
    };
    // All outlive it. `selected` may be null; `room` is for all that it makes; `limit`: octets of
    // all messages together.
    Catenation(store::MessageStore& store, const Handles& handles, const MailboxView* selected,
               Room& room, std::uint64_t limit)
        : store_(store),
          room_(room),
          handles_(handles),
          selected_(selected),
          limit_(limit),
          beside_(store, handles.own) {}

    // The whole message, or NO with BADURL or TOOBIG (§4), or UNAVAILABLE.
    net::Task<Result<std::string, Response>> assemble(const std::vector<CatenatePart>& parts);

private:
    // Of the message that the last URL named, what the store answers without being asked again.
    struct Source {
        store::SessionId from;
        store::MessageData message;
        mail::PartIndex parts;
    };
    net::Task<std::optional<Response>> add(const std::string& url, std::string& out);
    net::Task<std::optional<Response>> load(store::SessionId from, Uid uid, const std::string& url);
    net::Task<std::optional<Response>> open(const MessageUrl& url, const std::string& text);
    net::Task<Result<store::OpenedMailbox>> open_beside(store::MailboxName name);
    net::Task<Result<std::string>> read(store::SessionId from, const store::MessageData& message,
                                        Slice slice);

    store::MessageStore& store_;
    Room& room_;
    Handles handles_;
    const MailboxView* selected_;
    std::uint64_t limit_;
    Beside beside_;
    store::MailboxName name_;       // that is open beside …
    store::SessionId name_session_; // … by this handle
    UidValidity uid_validity_;
    std::uint64_t total_ = 0;
    std::optional<Source> source_;
    std::size_t reads_ = 0;
};

} // namespace maild::imap
