#pragma once
// What `control` asks of a worker to tell the admin something (admin_care.hpp).

#include "maild/ipc/codec.hpp"
#include "maild/ipc/message.hpp"

#include <string>

namespace maild::daemon {

inline constexpr ipc::MessageType kDeliverNotice = 0x7105; // DeliverNotice → NoticePlace; a worker

struct DeliverNotice {
    std::string to{}; // an address, or "postmaster"
    std::string id{}; // in Message-ID: letters, digits, "." and "-"
    std::string subject{};
    std::string text{};
};
struct NoticePlace {
    std::string words{}; // where it lies: for the log and for people
};

template <class Codec> void describe(Codec& codec, DeliverNotice& n) {
    codec(n.to, n.id, n.subject, n.text);
}
template <class Codec> void describe(Codec& codec, NoticePlace& p) { codec(p.words); }

} // namespace maild::daemon
