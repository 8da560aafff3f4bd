#include "maild/imap/capabilities.hpp"

#include "imap/capability_list.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::imap {
namespace {

constexpr std::string_view kRev1 = "IMAP4rev1";
constexpr std::string_view kAppendLimit = "APPENDLIMIT";
constexpr std::string_view kCompress = "COMPRESS=DEFLATE";

// What only matters behind the login. Each is implemented whole; the others come with their
// extension.
constexpr std::string_view kLoggedIn[] = {
    kRev1,
    "IMAP4rev2",
    "LITERAL+",
    "ID",
    "ENABLE",
    "IDLE",
    "NAMESPACE",
    "CHILDREN",
    "UIDPLUS",
    "UNSELECT",
    "MOVE",
    "BINARY",
    "UTF8=ACCEPT",
    "CATENATE",
    "SPECIAL-USE",
    "CREATE-SPECIAL-USE",
    "CONDSTORE",
    "QRESYNC",
    "ESEARCH",
    "SEARCHRES",
    "SEARCH=FUZZY",
    "PARTIAL",
    "WITHIN",
    "SAVEDATE",
    "OBJECTID",
    "STATUS=SIZE",
    "SORT",
    "SORT=DISPLAY",
    "ESORT",
    "THREAD=ORDEREDSUBJECT",
    "THREAD=REFERENCES",
    "INPROGRESS",
    "UIDONLY",
    "MULTISEARCH",
    "CONTEXT=SEARCH",
    "CONTEXT=SORT",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "MULTIAPPEND",
    "REPLACE",
    "PREVIEW",
    "UNAUTHENTICATE",
    "ACL",
    "RIGHTS=texk",
    "LIST-MYRIGHTS",
    "METADATA",
    "LIST-METADATA",
    "NOTIFY",
    "I18NLEVEL=1",
    "QUOTA",
    "QUOTA=RES-STORAGE",
    "QUOTA=RES-MESSAGE",
    kAppendLimit, // with the limit behind it
    kCompress,    // until it is active, RFC 4978 §3
};

} // namespace

std::string logged_in_capabilities(const CapabilityFacts& facts) {
    std::string out;
    for (const auto name : kLoggedIn) {
        if (name == kCompress && facts.is_compressed) continue;
        if (name != kRev1 && std::ranges::find(facts.hidden, name) != facts.hidden.end()) continue;
        if (!out.empty()) out += ' ';
        out += name;
        if (name == kAppendLimit) out += '=' + std::to_string(facts.message_size);
    }
    return out;
}

std::optional<std::string_view> find_capability(std::string_view name) {
    for (const auto known : kLoggedIn)
        if (known != kRev1 && ascii::equals_icase(known, name)) return known;
    return std::nullopt;
}

std::vector<std::string_view> hideable_capabilities() {
    std::vector<std::string_view> names(std::begin(kLoggedIn), std::end(kLoggedIn));
    std::erase(names, kRev1);
    return names;
}

} // namespace maild::imap
