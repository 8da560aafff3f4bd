#include "imap/copied_uids.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace maild::imap {
namespace {

store::CopyResult part(std::uint32_t validity, std::vector<std::pair<Uid, Uid>> uids) {
    store::CopyResult result;
    result.uid_validity = UidValidity(validity);
    result.uids = std::move(uids);
    return result;
}

// RFC 4315 §3: the sets belong to the whole command. Rights may change between two parts.
TEST(CopiedUids, NamesAllThatWasCopiedOrNothing) {
    const auto one = part(9, {{Uid(1), Uid(4)}, {Uid(2), Uid(5)}});
    const auto two = part(9, {{Uid(7), Uid(6)}});
    const auto none = part(9, {});
    const auto untold = part(0, {});
    const auto other = part(10, {{Uid(7), Uid(1)}});
    const struct {
        const char* name;
        std::vector<store::CopyResult> parts;
        const char* want;
    } cases[] = {
        {"one", {one}, "[COPYUID 9 1:2 4:5] "},
        {"two", {one, two}, "[COPYUID 9 1:2,7 4:6] "},
        {"a part of which nothing was left", {none, one, none}, "[COPYUID 9 1:2 4:5] "},
        {"nothing", {none}, ""},
        {"untold", {untold}, ""},
        {"the last one untold", {one, two, untold}, ""},
        {"the first one untold", {untold, one}, ""},
        {"one between untold", {one, untold, two}, ""},
        {"of another mailbox", {one, other}, ""},
        {"of another mailbox, and back", {one, other, two}, ""},
    };
    for (const auto& c : cases) {
        CopiedUids all;
        for (const auto& each : c.parts) all.add(each);
        EXPECT_EQ(copy_uid(all.take()), c.want) << c.name;
    }
}

} // namespace
} // namespace maild::imap
