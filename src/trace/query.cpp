#include "maild/trace/query.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <bit>

namespace maild::trace {
namespace {

enum class Kind : std::uint8_t { id, session, queue, message_id, sender, recipient, client };

// FNV-1a with the finish of MurmurHash3, over letters in lower case: stable, because it is stored.
std::uint64_t hash_of(Kind kind, std::string_view text) {
    constexpr std::uint64_t kPrime = 0x100000001b3ULL;
    std::uint64_t hash = (0xcbf29ce484222325ULL ^ static_cast<std::uint64_t>(kind)) * kPrime;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(ascii::to_lower(c))) * kPrime;
    hash = (hash ^ (hash >> 33U)) * 0xff51afd7ed558ccdULL;
    hash = (hash ^ (hash >> 33U)) * 0xc4ceb9fe1a85ec53ULL;
    return hash ^ (hash >> 33U);
}

// "<a@b>" and " a@b " are a@b; of "Ada <a@b>", what stands between the last brackets.
std::string_view address_in(std::string_view text) {
    text = ascii::trim(text);
    if (!text.ends_with('>')) return text;
    const auto open = text.rfind('<');
    return open == text.npos ? text : text.substr(open + 1, text.size() - open - 2);
}

// Each name of a record with its kind.
template <class Visit> void for_each_name(const Record& record, Visit visit) {
    visit(Kind::id, record.id);
    visit(Kind::session, record.session);
    visit(Kind::message_id, address_in(record.message_id));
    visit(Kind::client, record.client_address);
    visit(Kind::sender, record.reverse_path);
    visit(Kind::sender, address_in(record.from));
    for (const auto& recipient : record.recipients) {
        visit(Kind::recipient, recipient.forward_path);
        for (const auto& place : recipient.places) {
            visit(Kind::recipient, place.address);
            if (place.kind == Place::Kind::queue && place.number != 0)
                visit(Kind::queue, std::to_string(place.number));
        }
    }
}

struct Condition {
    std::vector<Kind> kinds;
    std::string_view text;
};

std::vector<Condition> conditions_of(const Query& query) {
    std::vector<Condition> all;
    const auto add = [&](std::vector<Kind> kinds, std::string_view text) {
        if (!text.empty()) all.push_back({std::move(kinds), address_in(text)});
    };
    add({Kind::id, Kind::session, Kind::queue, Kind::message_id}, query.any_id);
    add({Kind::message_id}, query.message_id);
    add({Kind::recipient}, query.recipient);
    add({Kind::sender}, query.sender);
    add({Kind::client}, query.client);
    return all;
}

bool holds(const Condition& condition, const Record& record) {
    bool found = false;
    for_each_name(record, [&](Kind kind, std::string_view name) {
        found = found || (std::ranges::find(condition.kinds, kind) != condition.kinds.end() &&
                          ascii::equals_icase(name, condition.text));
    });
    return found;
}

} // namespace

bool Query::matches(const Record& record) const {
    if (record.time < since || (before != WallTime() && record.time >= before)) return false;
    if (has_dmarc && !record.dmarc) return false;
    if (has_tls != record.tls_session.has_value()) return false;
    return std::ranges::all_of(
        conditions_of(*this), [&](const Condition& condition) { return holds(condition, record); });
}

std::vector<std::vector<std::uint64_t>> Query::keys() const {
    std::vector<std::vector<std::uint64_t>> all;
    for (const auto& condition : conditions_of(*this)) {
        auto& hashes = all.emplace_back();
        for (const auto kind : condition.kinds) hashes.push_back(hash_of(kind, condition.text));
    }
    return all;
}

// From the texts as they are kept: cut ones are found by what is left of them.
std::vector<std::uint64_t> keys_of(const Record& record) {
    std::vector<std::uint64_t> keys;
    for_each_name(record, [&](Kind kind, std::string_view name) {
        if (!name.empty()) keys.push_back(hash_of(kind, name));
    });
    std::ranges::sort(keys);
    const auto rest = std::ranges::unique(keys);
    keys.erase(rest.begin(), rest.end());
    return keys;
}

} // namespace maild::trace
