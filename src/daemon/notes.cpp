#include "daemon/notes.hpp"

#include "daemon/whole_file.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::daemon {
namespace {

std::string file_of(std::string_view name) { return std::string(name) + ".note"; }

} // namespace

bool Notes::is_name(std::string_view name) {
    constexpr std::size_t kMost = 32;
    return !name.empty() && name.size() <= kMost &&
           std::ranges::all_of(name, [](char c) { return ascii::is_lower(c) || c == '-'; });
}

bool Notes::is_of(ipc::PeerRole role, std::string_view name) {
    return is_name(name) &&
           role == (name == kStsNote ? ipc::PeerRole::sender : ipc::PeerRole::control);
}

Result<std::string> Notes::load(std::string_view name) const {
    auto text = load_whole(files_, directory_, file_of(name), kMaxNoteText);
    if (!text) return std::unexpected(std::move(text.error()));
    return text->value_or(std::string());
}

Result<void> Notes::keep(std::string_view name, std::string_view text) {
    if (text.size() > kMaxNoteText) return fail(Errc::too_large, "a note is too long");
    return replace_whole(files_, directory_, file_of(name), text);
}

} // namespace maild::daemon
