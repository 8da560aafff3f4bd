#pragma once
// Annotations of mailboxes and of the server (RFC 5464) as values: which names there can be, what a
// question is about, and the limits. Names are compared without ASCII case (§3.2), so here they
// stand in lower case. Pure.

#include "maild/base/error.hpp"
#include "maild/store/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::store {

inline constexpr std::size_t kMaxAnnotationName = 255; // octets
inline constexpr std::size_t kMaxAnnotationValue =
    16 * 1024; // octets; RFC 5464 §4.1: at least 1024
inline constexpr std::size_t kMaxAnnotations =
    100; // of a mailbox, of the server; §4.1: at least 10
inline constexpr std::uint64_t kMaxAnnotationBytes = 8U << 20U; // names and values of an account

inline constexpr std::size_t kMaxAnnotationsAsked = 200; // names in one question

// RFC 6154 §4: the entry that is a mailbox's SpecialUse. It is none of these annotations: see
// Annotations::use and AnnotationChange::use.
inline constexpr std::string_view kSpecialUseEntry = "/private/specialuse";

struct Annotation {
    std::string name;
    std::optional<std::string> value; // any octets; none: NIL, and in a change that it goes
    friend bool operator==(const Annotation&, const Annotation&) = default;
};

// All or nothing (RFC 5464 §4.3), in this order.
struct AnnotationChange {
    std::vector<Annotation> entries;
    std::optional<SpecialUse> use; // of the mailbox from now on; another one that had it loses it
};

// RFC 5464 §4.2.2
enum class Depth : std::uint8_t { itself, children, all };

struct AnnotationQuery {
    std::vector<std::string> names;
    Depth depth = Depth::itself;
    std::uint32_t max_size = UINT32_MAX; // of a value, octets
};

struct Annotations {
    std::vector<Annotation> entries;   // that are there and not too long; ascending by name
    std::vector<std::string> too_long; // names of the others
    std::uint32_t longest = 0;         // octets of the longest of those
    SpecialUse use = SpecialUse::none; // of the mailbox
};

// "/private/…" or "/shared/…" with no empty component, "*", "%", control or 8-bit character; in
// lower case (RFC 5464 §3.2). Below a vendor's token at least.
bool is_annotation_name(std::string_view name);
// What a question may name: also a level above such names.
bool is_annotation_level(std::string_view name);
bool matches(const AnnotationQuery& query, std::string_view name);
// invalid_argument: a name that cannot be. too_large: a value. limit_exceeded: more entries than
// there could be.
Result<void> check_change(const AnnotationChange& change);
// Each once; the use under its entry's name.
std::vector<std::string> changed_names(const AnnotationChange& change);

template <class Codec> void describe(Codec& codec, Annotation& a) { codec(a.name, a.value); }
template <class Codec> void describe(Codec& codec, AnnotationChange& c) { codec(c.entries, c.use); }
template <class Codec> void describe(Codec& codec, AnnotationQuery& q) {
    codec(q.names, q.depth, q.max_size);
}
template <class Codec> void describe(Codec& codec, Annotations& a) {
    codec(a.entries, a.too_long, a.longest, a.use);
}

} // namespace maild::store
