#include "maild/mail/part_index.hpp"

#include "maild/base/cursor.hpp"

#include <optional>

namespace maild::mail {
namespace {

constexpr char kVersion = 1;
constexpr std::uint64_t kGreatestNumber = std::uint64_t{1} << 53;

void append_varint(std::string& out, std::uint64_t value) {
    while (value >= 0x80) {
        out += static_cast<char>(value | 0x80);
        value >>= 7;
    }
    out += static_cast<char>(value);
}

// `from`: where the header would begin if nothing stood before it. Depth is bounded by
// kMaxMimeDepth.
void append_part(std::string& out, const Part& part, std::uint64_t from) {
    out += static_cast<char>(static_cast<unsigned>(part.kind) | static_cast<unsigned>(part.encoding)
                                                                    << 2);
    append_varint(out, part.header_begin - from);
    append_varint(out, part.body_begin - part.header_begin);
    append_varint(out, part.body_end - part.body_begin);
    append_varint(out, part.lines);
    if (part.kind == PartKind::multipart) append_varint(out, part.children.size());
    from = part.body_begin;
    for (const auto& child : part.children) {
        append_part(out, child, from);
        from = child.body_end;
    }
}

// Shortest form only, up to kGreatestNumber: so sums of a few never overflow.
std::optional<std::uint64_t> take_varint(Cursor& in) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 56 && !in.at_end(); shift += 7) {
        const auto octet = static_cast<unsigned char>(in.take_bytes(1).front());
        value |= static_cast<std::uint64_t>(octet & 0x7fU) << shift;
        if (octet >= 0x80) continue;
        if ((octet == 0 && shift > 0) || value > kGreatestNumber) return std::nullopt;
        return value;
    }
    return std::nullopt;
}

// Reads the tree without recursion: `path` holds the parts whose children are still to come.
class Decoder {
public:
    explicit Decoder(std::string_view bytes) : in_(bytes) {}

    bool read(std::vector<IndexedPart>& parts) {
        if (!in_.take(kVersion) || !take_part(parts)) return false;
        while (!path_.empty()) {
            auto& parent = path_.back();
            if (parent.missing == 0) {
                parts[parent.index].descendants =
                    static_cast<std::uint32_t>(parts.size() - parent.index - 1);
                path_.pop_back();
            } else if (!take_part(parts)) {
                return false;
            }
        }
        return in_.at_end();
    }

private:
    struct Parent {
        std::size_t index = 0;
        std::uint64_t missing = 0;  // children not yet read
        std::uint64_t position = 0; // where the next one may begin
    };

    bool take_part(std::vector<IndexedPart>& parts) {
        IndexedPart part;
        if (parts.size() == kMaxMimeParts || !take_tag(part) || !take_offsets(part)) return false;
        const auto children = take_child_count(part.kind);
        if (!children) return false;
        part.child_count = static_cast<std::uint32_t>(*children);
        if (!path_.empty()) {
            auto& parent = path_.back();
            if (part.body_end > parts[parent.index].body_end) return false;
            parent.position = part.body_end;
            --parent.missing;
        }
        parts.push_back(part);
        if (*children == 0) return true;
        path_.push_back({parts.size() - 1, *children, part.body_begin});
        return path_.size() < kMaxMimeDepth;
    }

    bool take_tag(IndexedPart& part) {
        if (in_.at_end()) return false;
        const auto tag = static_cast<unsigned char>(in_.take_bytes(1).front());
        const unsigned kind = tag & 3U;
        const unsigned encoding = unsigned{tag} >> 2U;
        if (kind > static_cast<unsigned>(PartKind::message)) return false;
        if (encoding > static_cast<unsigned>(TransferEncoding::unknown)) return false;
        part.kind = static_cast<PartKind>(kind);
        part.encoding = static_cast<TransferEncoding>(encoding);
        return true;
    }

    bool take_offsets(IndexedPart& part) {
        const auto gap = take_varint(in_);
        const auto header = gap ? take_varint(in_) : std::nullopt;
        const auto body = header ? take_varint(in_) : std::nullopt;
        const auto lines = body ? take_varint(in_) : std::nullopt;
        if (!lines) return false;
        part.header_begin = (path_.empty() ? 0 : path_.back().position) + *gap;
        part.body_begin = part.header_begin + *header;
        part.body_end = part.body_begin + *body;
        part.lines = *lines;
        return part.body_end <= kGreatestNumber && *lines <= *body;
    }

    std::optional<std::uint64_t> take_child_count(PartKind kind) {
        if (kind == PartKind::leaf) return 0;
        if (kind == PartKind::message) return 1;
        const auto count = take_varint(in_);
        if (!count || *count == 0 || *count > kMaxMimeParts) return std::nullopt;
        return count;
    }

    Cursor in_;
    std::vector<Parent> path_;
};

} // namespace

std::string encode_parts(const Part& root) {
    std::string out(1, kVersion);
    append_part(out, root, 0);
    return out;
}

Result<PartIndex> decode_parts(std::string_view bytes) {
    PartIndex index;
    if (!Decoder(bytes).read(index.parts_)) return fail(Errc::corrupt, "part index");
    return index;
}

const IndexedPart* PartIndex::find(std::span<const std::uint32_t> section) const {
    std::size_t current = 0;
    bool is_message_root = true; // where "1" may mean the only part, RFC 9051 §6.4.5.1
    for (const auto number : section) {
        if (!is_message_root && parts_[current].kind == PartKind::message) {
            ++current;
            is_message_root = true;
        }
        const auto& part = parts_[current];
        if (part.kind == PartKind::multipart) {
            if (number == 0 || number > part.child_count) return nullptr;
            ++current;
            for (auto i = number; i > 1; --i) current += parts_[current].descendants + 1;
        } else if (!is_message_root || number != 1) {
            return nullptr;
        }
        is_message_root = false;
    }
    return &parts_[current];
}

const IndexedPart* PartIndex::message_at(std::span<const std::uint32_t> section) const {
    const auto* part = find(section);
    if (section.empty() || part == nullptr) return part;
    return part->kind == PartKind::message ? part + 1 : nullptr;
}

} // namespace maild::mail
