#pragma once
// COPYUID (RFC 4315 §3), for a copy that the store makes in parts as for any other: it names all
// that was copied, or is not sent.

#include "maild/store/message_store.hpp"

#include <string>

namespace maild::imap {

// "[COPYUID validity source destination] ", or nothing.
std::string copy_uid(const store::CopyResult& result);

class CopiedUids {
public:
    // A part without UIDVALIDITY is one whose UIDs may not be told; another one's UIDs are of
    // another mailbox.
    void add(const store::CopyResult& part);
    store::CopyResult take(); // without UIDs, if those of some part are not to be told

private:
    store::CopyResult all_;
    bool is_told_ = true;
};

} // namespace maild::imap
