#pragma once
// What `control` and `sender` ask of `trace` to find small texts again after a restart (notes.hpp).

#include "maild/ipc/codec.hpp"
#include "maild/ipc/message.hpp"

#include <string>

namespace maild::daemon {

inline constexpr ipc::MessageType kLoadNote = 0x7321; // NoteName → KeptNote, empty if there is none
inline constexpr ipc::MessageType kKeepNote = 0x7322; // KeptNote → Nothing, when it is synced

struct NoteName {
    std::string name{};
};
struct KeptNote {
    std::string name{};
    std::string text{};
};

template <class Codec> void describe(Codec& codec, NoteName& n) { codec(n.name); }
template <class Codec> void describe(Codec& codec, KeptNote& n) { codec(n.name, n.text); }

} // namespace maild::daemon
