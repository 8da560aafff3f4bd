#pragma once
// Threads of messages (RFC 5256 §3 THREAD): both algorithms as pure functions over what was read
// of each message. No recursion and near linear work, whatever the messages say of each other.

#include "imap/sort_program.hpp"

#include "maild/mail/header.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace maild::imap {

// Of a message that names more, the oldest are left out.
inline constexpr std::size_t kMaxReferences = 100;

struct ThreadedMessage {
    std::uint32_t seq = 0;
    std::int64_t sent = 0;               // RFC 5256 §2.2, seconds since 1970
    std::string subject;                 // collation key of the base subject
    bool is_reply = false;               // the subject has a mark of reply or forward
    std::string id;                      // of Message-ID, normalized; empty: none
    std::vector<std::string> references; // oldest first
};

// Fills in subject, is_reply, id and references. Ids lose the quoting that RFC 5322 §3.6.4 leaves
// open, because those that differ in it alone are the same.
void read_thread_fields(const mail::HeaderSection& header, ThreadedMessage& message);

struct Threads {
    struct Node {
        std::uint32_t seq = 0;               // 0: a message that is not there; only roots are such
        std::vector<std::uint32_t> children; // indices into nodes
    };
    std::vector<Node> nodes;
    std::vector<std::uint32_t> roots;
};

// `messages` stand in the order of their sequence numbers.
Threads thread_by_subject(const std::vector<ThreadedMessage>& messages); // ORDEREDSUBJECT
Threads thread_by_references(const std::vector<ThreadedMessage>& messages);

// thread-list of one root: "(3 6 (4 23)(44 7 96))"; what stands for a message is numbers[seq - 1].
void append_thread(std::string& out, const Threads& threads, std::uint32_t root,
                   const std::vector<std::uint32_t>& numbers);

} // namespace maild::imap
