#pragma once
// What `control` asks of a worker and of `trace` to tell the admin something (admin_care.hpp).

#include "maild/ipc/codec.hpp"
#include "maild/ipc/message.hpp"

#include <string>

namespace maild::daemon {

inline constexpr ipc::MessageType kDeliverNotice = 0x7105; // DeliverNotice → NoticePlace; a worker
inline constexpr ipc::MessageType kLoadNote = 0x7321; // NoteName → Note, empty if none; `trace`
inline constexpr ipc::MessageType kKeepNote = 0x7322; // Note → Nothing, when it is synced; likewise

struct DeliverNotice {
    std::string to{}; // an address, or "postmaster"
    std::string id{}; // in Message-ID: letters, digits, "." and "-"
    std::string subject{};
    std::string text{};
};
struct NoticePlace {
    std::string words{}; // where it lies: for the log and for people
};

struct NoteName {
    std::string name{};
};
struct Note {
    std::string name{};
    std::string text{};
};

template <class Codec> void describe(Codec& codec, DeliverNotice& n) {
    codec(n.to, n.id, n.subject, n.text);
}
template <class Codec> void describe(Codec& codec, NoticePlace& p) { codec(p.words); }
template <class Codec> void describe(Codec& codec, NoteName& n) { codec(n.name); }
template <class Codec> void describe(Codec& codec, Note& n) { codec(n.name, n.text); }

} // namespace maild::daemon
