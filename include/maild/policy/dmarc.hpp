#pragma once
// DMARC (RFC 9989, which replaces RFC 7489): the policy of the domain in From, found by walking up
// the DNS, and whether what SPF and DKIM have shown is aligned with that domain. Records written
// for RFC 7489 are understood, and what was aligned by the public suffix list still is, unless psd=
// says otherwise; its discovery by that list can be had too. Bounded: eight questions for each
// walk, and a walk only for identifiers that could be aligned.

#include "maild/mail/header.hpp"
#include "maild/net/resolver.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::policy::dmarc {

inline constexpr std::size_t kMaxWalk = 8;         // questions, RFC 9989 §4.10
inline constexpr std::size_t kMaxIdentifiers = 20; // that are looked at for alignment
inline constexpr std::size_t kMaxAuthors = 5;      // domains in From that are looked at

enum class Policy : std::uint8_t { none, quarantine, reject };
std::string_view name_of(Policy policy);
enum class AlignmentMode : std::uint8_t { relaxed, strict }; // RFC 9989 §4.4
enum class PublicSuffix : std::uint8_t { unknown, no, yes }; // psd=

struct Record {
    Policy policy = Policy::none;           // p=
    std::optional<Policy> subdomain_policy; // sp=
    std::optional<Policy> absent_policy;    // np=, of subdomains that do not exist
    AlignmentMode dkim_mode = AlignmentMode::relaxed;
    AlignmentMode spf_mode = AlignmentMode::relaxed;
    PublicSuffix public_suffix = PublicSuffix::unknown;
    // t=y; or pct=0 without t=, which is what RFC 7489 had for it (RFC 9989 §A.6).
    bool is_testing = false;
    // False: no policy that can be read and nobody to report to, so DMARC does not apply (§4.10.1).
    bool is_usable = false;
    std::vector<std::string> aggregate_reports; // rua=, URIs without a size behind "!"
    std::vector<std::string> failure_reports;   // ruf=
};

// Whether it begins with "v=DMARC1", as a record must to be one (§4.7).
bool is_record(std::string_view text);
// None: what is wrong with it, for people. Tags that are unknown or have a value that is none are
// left out; one that comes twice makes the record wrong.
std::expected<Record, std::string> parse_record(std::string_view text);

// Who speaks. One author domain wants one From that is a mailbox-list (RFC 5322 §3.6.2), of
// addresses with the same domain. Everything else has a problem, and then `domains` are all that
// some reader might show or mean: those of a list in good order, else what stands behind any "@".
struct Authors {
    std::vector<std::string> domains{}; // lower case, A-labels, no dot at the end; each once
    std::string problem{};              // why there is no author domain, for people
    bool has_more = false;              // more stands there than is looked at
};
Authors authors_of(const mail::HeaderSection& section);

// The author domain alone. None: why there is none, for people. `header` is a header section, or a
// content that begins with one.
std::expected<std::string, std::string> author_domain(std::string_view header);

// The public suffix of a domain and one label more, by the list of publicsuffix.org that this
// machine has; A-labels. None for a public suffix, and what is no domain.
std::optional<std::string> registrable_domain(std::string_view domain);

// Reads that list, which is else done when it is first needed: for who may open no file then.
void load_public_suffixes();

// Whether two domains (A-labels, lower case) can have the same organizational domain at all: one is
// at or below the other, or the list says so.
bool may_be_aligned(std::string_view a, std::string_view b);

// How the organizational domain is found.
enum class Discovery : std::uint8_t {
    tree_walk,          // RFC 9989 §4.10
    public_suffix_list, // RFC 7489 §3.2, §6.6.3
};

// Identifiers that were authenticated: of signatures that passed, and of an SPF pass.
struct Identifiers {
    std::string author; // author_domain()
    std::vector<std::string> dkim{};
    std::string spf{}; // empty: none
    // Those of which the DNS would not say whether they are authenticated. Who is aligned with one
    // has not failed (RFC 9989 §5.3: a temporary error).
    std::vector<std::string> undecided_dkim{};
    std::string undecided_spf{};
};

enum class Outcome : std::uint8_t { none, pass, fail, temperror, permerror }; // RFC 9989 §9.1
std::string_view name_of(Outcome outcome);

struct Alignment {
    AlignmentMode mode = AlignmentMode::relaxed;
    std::string domain{}; // the identifier that is aligned, empty if none is
};

struct Verdict {
    Outcome outcome = Outcome::none;
    std::string reason{}; // for people
    // What the domain wants done with a fail, t= and sp= applied. Without an author domain what is
    // to be done with this message, as far as DMARC goes: see evaluate() of Authors.
    Policy policy = Policy::none;
    std::string author{};        // the domain in From, empty if there is none
    std::string record_domain{}; // where the policy was found, empty if there is none
    std::string record{};        // its text
    std::string organizational_domain{};
    Alignment dkim{};
    Alignment spf{};
    std::vector<std::string> authors{}; // all domains in From, as Authors has them
};

// The resolver outlives the task.
net::Task<Verdict> evaluate(net::Resolver& resolver, Identifiers identifiers,
                            Discovery discovery = Discovery::tree_walk);

// The same for whatever stands in From; identifiers.author does not count. Without an author domain
// the outcome is permerror, and the policy the strictest of those domains that have not passed: a
// forged From must not fare better for being broken as well (RFC 7489 §6.6.1, RFC 9989 §11.5). It
// is reject where more stands in From than is looked at. Should it be none for want of an answer of
// the DNS, the outcome is temperror.
net::Task<Verdict> evaluate(net::Resolver& resolver, Authors authors, Identifiers identifiers,
                            Discovery discovery = Discovery::tree_walk);

} // namespace maild::policy::dmarc
