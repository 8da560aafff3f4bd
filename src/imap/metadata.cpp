#include "imap/metadata.hpp"

#include "imap/special_use.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

// value = nstring / literal8: NUL is only for the latter (RFC 3516 §4.2).
void append_value(std::string& out, const std::optional<std::string>& value) {
    if (!value) {
        out += "NIL";
        return;
    }
    if (!value->contains('\0')) return append_string(out, *value);
    out += "~{";
    append_number(out, value->size());
    out += "}\r\n";
    out += *value;
}

const store::Annotation* find(const store::Annotations& found, std::string_view name) {
    const auto at = std::ranges::find(found.entries, name, &store::Annotation::name);
    return at == found.entries.end() ? nullptr : &*at;
}

} // namespace

store::AnnotationQuery query_of(const std::vector<std::string>& entries, store::Depth depth,
                                std::uint32_t max_size) {
    store::AnnotationQuery query{{}, depth, max_size};
    for (const auto& entry : entries) query.names.push_back(ascii::to_lower(entry));
    return query;
}

void add_computed(store::Annotations& found, const store::AnnotationQuery& query,
                  std::string_view name, std::string_view value) {
    if (value.empty() || !store::matches(query, name)) return;
    if (value.size() > query.max_size) {
        found.too_long.emplace_back(name);
        found.longest = std::max(found.longest, static_cast<std::uint32_t>(value.size()));
        return;
    }
    const auto at = std::ranges::lower_bound(found.entries, name, {}, &store::Annotation::name);
    found.entries.insert(at, {std::string(name), std::string(value)});
}

std::string use_value(store::SpecialUse use) {
    const auto name = name_of(use);
    return name.empty() ? std::string() : "\\" + std::string(name);
}

std::vector<store::Annotation> answer_of(const GetMetadata& get, const store::Annotations& found) {
    if (get.depth != store::Depth::itself) return found.entries;
    std::vector<store::Annotation> answer;
    for (const auto& asked : get.entries) {
        const auto name = ascii::to_lower(asked);
        if (std::ranges::find(found.too_long, name) != found.too_long.end()) continue;
        const auto* entry = find(found, name);
        answer.push_back({asked, entry != nullptr ? entry->value : std::nullopt});
    }
    return answer;
}

void append_metadata(std::string& out, const store::MailboxName& mailbox,
                     std::span<const store::Annotation> entries, NameForm form) {
    if (entries.empty()) return;
    out += "* METADATA ";
    append_mailbox(out, mailbox, form);
    out += " (";
    for (const auto& [name, value] : entries) {
        if (!out.ends_with('(')) out += ' ';
        append_astring(out, name);
        append_value(out += ' ', value);
    }
    out += ")\r\n";
}

Response refuse_change(Errc code) {
    if (code == Errc::too_large)
        return no("[METADATA MAXSIZE " + std::to_string(store::kMaxAnnotationValue) +
                  "] The value is too large");
    if (code == Errc::limit_exceeded) return no("[METADATA TOOMANY] There are too many entries");
    if (code == Errc::over_quota) return no("[OVERQUOTA] There is no room for more annotations");
    return response_for(code);
}

} // namespace maild::imap
