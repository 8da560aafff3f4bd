#include "support/faulty_inode.hpp"

#include <algorithm>
#include <string_view>

namespace maild::test {
namespace {

void put(std::string& file, std::uint64_t offset, std::string_view bytes) {
    if (file.size() < offset + bytes.size()) file.resize(offset + bytes.size());
    bytes.copy(file.data() + offset, bytes.size());
}

void apply(std::string& file, const FaultyInode::Change& change) {
    if (change.is_truncate)
        file.resize(change.offset);
    else
        put(file, change.offset, change.bytes);
}

} // namespace

void FaultyInode::change(Change change) {
    apply(seen, change);
    dirty.push_back(std::move(change));
}

void FaultyInode::sync() {
    for (const auto& change : dirty) apply(platter, change);
    dirty.clear();
}

void FaultyInode::drop_cache() {
    seen = platter;
    for (const auto& change : dirty) apply(seen, change);
}

void FaultyInode::flip_bit(std::uint64_t offset, int bit) {
    for (auto* bytes : {&seen, &platter}) {
        if (offset < bytes->size()) {
            (*bytes)[offset] = static_cast<char>((*bytes)[offset] ^ (1 << bit));
        }
    }
    if (!dirty.empty() && offset < seen.size()) dirty.push_back({offset, {seen[offset]}, false});
}

void FaultyInode::lose_cache(std::mt19937_64* random) {
    if (random != nullptr) {
        constexpr double kChances[] = {0.1, 0.5, 0.9};
        std::bernoulli_distribution keep(kChances[(*random)() % 3]);
        for (const auto& change : dirty) tear(change, *random, keep);
    }
    dirty.clear();
    seen = platter;
    allocated = 0;
}

void FaultyInode::cut_short(std::mt19937_64& random) {
    for (auto& change : dirty) {
        const bool is_last = &change == &dirty.back();
        if (is_last && change.is_truncate) continue;
        if (is_last && !change.bytes.empty()) change.bytes.resize(random() % change.bytes.size());
        apply(platter, change);
    }
    dirty.clear();
    seen = platter;
    allocated = 0;
}

void FaultyInode::tear(const Change& change, std::mt19937_64& random,
                       std::bernoulli_distribution& keep) {
    if (change.is_truncate) {
        if (keep(random)) platter.resize(change.offset);
        return;
    }
    const auto end = change.offset + change.bytes.size();
    // The new length may arrive without the bytes: then they read as zeros.
    if (platter.size() < end && keep(random)) platter.resize(end);
    for (auto at = change.offset; at < end;) {
        const auto next = std::min<std::uint64_t>(end, (at / kSectorLength + 1) * kSectorLength);
        if (keep(random)) {
            put(platter, at, std::string_view(change.bytes).substr(at - change.offset, next - at));
        }
        at = next;
    }
}

} // namespace maild::test
