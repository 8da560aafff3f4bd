#pragma once
// One run of check_host() (RFC 7208 §4) with what it has used up so far. Of one coroutine.

#include "policy/spf_macro.hpp"
#include "policy/spf_record.hpp"

#include "maild/policy/spf.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace maild::policy::spf {

class Evaluation {
public:
    // `deadline` may be shared with another run.
    Evaluation(const Verifier& verifier, Query query, SteadyTime deadline);

    net::Task<Report> run();

private:
    enum class Match : std::uint8_t { no, yes, temperror, permerror };
    // The part of a report that a recursive check gives, and what `exp=` of its record says.
    struct Judgement {
        Outcome outcome = Outcome::none;
        std::string mechanism = "default";
        std::string domain;                     // of the record that decided
        std::optional<std::string> explanation; // domain-spec
    };

    net::Task<Judgement> check(const std::string& domain);
    net::Task<std::optional<Record>> fetch(const std::string& domain, Judgement& judgement);
    net::Task<Judgement> redirect(const std::string& domain_spec, const std::string& domain);
    net::Task<Match> match(const Directive& directive, const std::string& domain);
    net::Task<Match> match_target(const Directive& directive, const std::string& target);
    net::Task<Match> match_include(const std::string& target);
    net::Task<Match> match_a(const Directive& directive, const std::string& target);
    net::Task<Match> match_mx(const Directive& directive, const std::string& target);
    net::Task<Match> match_ptr(const std::string& target);
    net::Task<Match> match_exists(const std::string& target);
    net::Task<std::optional<std::string>> explain(const Judgement& judgement);

    // Of a domain-spec, with the lookups that "p" needs. `counts`: of this check's terms.
    net::Task<std::optional<std::string>> target_of(const std::string& domain_spec,
                                                    const std::string& domain, bool counts);
    net::Task<std::optional<MacroValues>> values_for(const std::string& text,
                                                     const std::string& domain, bool counts);
    net::Task<std::string> validated_name(const std::string& domain);
    net::Task<void> find_validated_names(); // §5.5, once

    net::Task<net::DnsAnswer> ask(const std::string& name, net::DnsType type);
    Match condemn(Match match, std::string problem);
    Match fail_lookup(const net::DnsAnswer& answer, const std::string& name);
    bool take_term();               // false: one more than §4.6.4 allows
    Match judge_void(bool is_void); // of one term's own lookup
    net::DnsType address_type() const;
    bool is_in(const Directive& directive, const net::IpAddress& address) const;
    bool is_any_in(const Directive& directive, const std::vector<net::IpAddress>& addresses) const;
    MacroValues values(const std::string& domain, std::string validated) const;

    const Verifier& verifier_;
    const Query query_;
    const SteadyTime deadline_;
    int terms_ = 0;
    int voids_ = 0;
    std::optional<std::vector<std::string>> validated_; // names of the client
    bool has_no_names_ = false;                         // its PTR query was void
    std::string problem_;
};

} // namespace maild::policy::spf
