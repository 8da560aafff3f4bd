#pragma once
// The words of an aggregate report (RFC 9990 appendix A), for reader and writer.

#include "maild/base/ascii.hpp"
#include "maild/report/aggregate.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace maild::report {

template <class Value> struct Word {
    std::string_view word;
    Value value;
};

inline constexpr Word<Disposition> kDispositions[] = {{"none", Disposition::none},
                                                      {"pass", Disposition::pass},
                                                      {"quarantine", Disposition::quarantine},
                                                      {"reject", Disposition::reject}};
inline constexpr Word<policy::dmarc::Policy> kPolicies[] = {
    {"none", policy::dmarc::Policy::none},
    {"quarantine", policy::dmarc::Policy::quarantine},
    {"reject", policy::dmarc::Policy::reject}};
inline constexpr Word<policy::dmarc::AlignmentMode> kModes[] = {
    {"r", policy::dmarc::AlignmentMode::relaxed}, {"s", policy::dmarc::AlignmentMode::strict}};
inline constexpr Word<policy::dmarc::Discovery> kDiscoveries[] = {
    {"psl", policy::dmarc::Discovery::public_suffix_list},
    {"treewalk", policy::dmarc::Discovery::tree_walk}};
inline constexpr Word<SpfScope> kScopes[] = {{"helo", SpfScope::helo},
                                             {"mfrom", SpfScope::mail_from}};
inline constexpr Word<policy::dkim::Outcome> kDkimOutcomes[] = {
    {"none", policy::dkim::Outcome::none},
    {"pass", policy::dkim::Outcome::pass},
    {"fail", policy::dkim::Outcome::fail},
    {"policy", policy::dkim::Outcome::policy},
    {"neutral", policy::dkim::Outcome::neutral},
    {"temperror", policy::dkim::Outcome::temperror},
    {"permerror", policy::dkim::Outcome::permerror},
};
inline constexpr Word<policy::spf::Outcome> kSpfOutcomes[] = {
    {"none", policy::spf::Outcome::none},           {"neutral", policy::spf::Outcome::neutral},
    {"pass", policy::spf::Outcome::pass},           {"fail", policy::spf::Outcome::fail},
    {"softfail", policy::spf::Outcome::softfail},   {"temperror", policy::spf::Outcome::temperror},
    {"permerror", policy::spf::Outcome::permerror},
};

// ASCII case does not count.
template <class Value, std::size_t Count>
std::optional<Value> word_of(const Word<Value> (&words)[Count], std::string_view text) {
    for (const auto& [word, value] : words)
        if (ascii::equals_icase(word, text)) return value;
    return std::nullopt;
}

template <class Value, std::size_t Count>
std::string_view word_for(const Word<Value> (&words)[Count], Value wanted) {
    for (const auto& [word, value] : words)
        if (value == wanted) return word;
    return {};
}

} // namespace maild::report
