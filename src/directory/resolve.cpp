#include "maild/directory/resolve.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <deque>
#include <set>
#include <unordered_set>

namespace maild::directory {
namespace {

struct Pending {
    mail::Address address;
    std::size_t depth = 0;
};

// One resolution: addresses to look at, those seen, and what was found.
class Walk {
public:
    explicit Walk(Lookup& lookup) : lookup_(lookup) {}
    Result<Route> run(const mail::Address& start);

private:
    struct Place {
        mail::Address address; // behind the domain alias
        Lookup::Domain domain;
        std::size_t depth;
    };
    // True: a rule had an answer, and no other is asked.
    using Rule = Result<bool> (Walk::*)(const Place& place);

    Result<void> visit(Pending pending);
    Result<std::optional<Lookup::Domain>> enter_domain(mail::Address& address);
    Result<void> apply_rules(const Place& place);
    Result<bool> by_account(const Place& place);
    Result<bool> by_alias(const Place& place);
    Result<bool> by_subaddress(const Place& place);
    Result<bool> by_pattern(const Place& place);
    Result<bool> by_catch_all(const Place& place);
    Result<bool> by_postmaster(const Place& place);

    Result<bool> reach_account(const Place& place, const std::string& localpart,
                               std::string_view detail);
    Result<bool> follow_alias(const Place& place, const std::string& localpart, const char* rule);
    void follow(const char* rule, const Place& place, const std::string& target);
    void relay(const mail::Address& address);
    void fail_with(Verdict verdict, const std::string& from);
    void step(const char* rule, std::string from, std::string to);
    bool is_over() const { return over_.has_value(); }
    void finish();

    Lookup& lookup_;
    Route route_;
    std::deque<Pending> pending_;
    std::set<mail::Address> seen_;
    std::unordered_set<AccountId> accounts_;
    std::unordered_set<std::string> relays_;
    std::optional<Verdict> failure_; // the first one, for when nothing is reached
    std::optional<Verdict> over_;    // a limit was passed: nothing counts any more
};

const char* word_for(Verdict verdict) {
    switch (verdict) {
    case Verdict::no_such_user: return "no such user";
    case Verdict::domain_disabled: return "domain disabled";
    case Verdict::account_disabled: return "account disabled";
    case Verdict::alias_loop: return "seen already";
    case Verdict::too_many_targets: return "too many targets";
    case Verdict::accepted:
    case Verdict::not_local: break;
    }
    return "";
}

void Walk::step(const char* rule, std::string from, std::string to) {
    route_.steps.push_back({rule, std::move(from), std::move(to)});
}

void Walk::fail_with(Verdict verdict, const std::string& from) {
    step("refused", from, word_for(verdict));
    if (!failure_) failure_ = verdict;
}

// Depth counts aliases only; a domain alias is the same place by another name.
void Walk::follow(const char* rule, const Place& place, const std::string& target) {
    step(rule, place.address.format(), target);
    auto address = canonical_address(target);
    if (!address) return fail_with(Verdict::no_such_user, target);
    if (place.depth + 1 > kMaxAliasDepth) {
        over_ = Verdict::alias_loop;
        return step("refused", target, "too many aliases one behind the other");
    }
    if (pending_.size() >= kMaxExpansions) {
        over_ = Verdict::too_many_targets;
        return;
    }
    pending_.push_back({std::move(*address), place.depth + 1});
}

void Walk::relay(const mail::Address& address) {
    auto text = address.format();
    step("relay", text, text);
    if (relays_.insert(text).second) route_.relay.push_back({std::move(text)});
}

Result<std::optional<Lookup::Domain>> Walk::enter_domain(mail::Address& address) {
    const auto meant = lookup_.find_domain_alias(address.domain.ascii());
    if (!meant) return std::unexpected(meant.error());
    if (*meant) {
        auto domain = mail::Domain::parse(**meant, mail::Utf8::refused);
        if (!domain) return fail(Errc::corrupt, "a domain alias leads to no domain");
        mail::Address rewritten{address.localpart, std::move(*domain)};
        step("domain-alias", address.format(), rewritten.format());
        address = std::move(rewritten);
    }
    return lookup_.find_domain(address.domain.ascii());
}

Result<void> Walk::visit(Pending pending) {
    const auto given = pending.address.format();
    const auto domain = enter_domain(pending.address);
    if (!domain) return std::unexpected(domain.error());
    if (!seen_.insert(pending.address).second) {
        step("refused", given, word_for(Verdict::alias_loop));
        return {};
    }
    if (seen_.size() > kMaxExpansions) {
        over_ = Verdict::too_many_targets;
        return {};
    }
    if (!*domain) {
        if (pending.depth == 0)
            over_ = Verdict::not_local;
        else
            relay(pending.address);
        return {};
    }
    if ((*domain)->is_disabled) {
        fail_with(Verdict::domain_disabled, pending.address.format());
        return {};
    }
    return apply_rules({std::move(pending.address), **domain, pending.depth});
}

Result<void> Walk::apply_rules(const Place& place) {
    constexpr Rule kRules[] = {&Walk::by_account, &Walk::by_alias,     &Walk::by_subaddress,
                               &Walk::by_pattern, &Walk::by_catch_all, &Walk::by_postmaster};
    for (const auto rule : kRules) {
        const auto answered = (this->*rule)(place);
        if (!answered) return std::unexpected(answered.error());
        if (*answered) return {};
    }
    fail_with(Verdict::no_such_user, place.address.format());
    return {};
}

Result<bool> Walk::reach_account(const Place& place, const std::string& localpart,
                                 std::string_view detail) {
    const auto account = lookup_.find_address(place.domain.id, localpart);
    if (!account) return std::unexpected(account.error());
    if (!*account) return false;
    const auto address = place.address.format();
    if (!detail.empty())
        step("subaddress", address, mail::Address{localpart, place.address.domain}.format());
    if ((*account)->is_disabled) {
        fail_with(Verdict::account_disabled, address);
        return true;
    }
    step("account", address, "account " + std::to_string((*account)->id.value));
    if (accounts_.insert((*account)->id).second)
        route_.local.push_back({(*account)->id, std::string(detail)});
    return true;
}

Result<bool> Walk::follow_alias(const Place& place, const std::string& localpart,
                                const char* rule) {
    const auto targets = lookup_.find_alias(place.domain.id, localpart);
    if (!targets) return std::unexpected(targets.error());
    for (const auto& target : *targets) follow(rule, place, target);
    return !targets->empty();
}

Result<bool> Walk::by_account(const Place& place) {
    return reach_account(place, place.address.localpart, {});
}

Result<bool> Walk::by_alias(const Place& place) {
    return follow_alias(place, place.address.localpart, "alias");
}

// RFC 5233 §4: the detail begins behind the first separator, and there is something before it.
Result<bool> Walk::by_subaddress(const Place& place) {
    const auto& separator = place.domain.subaddress_separator;
    const auto& localpart = place.address.localpart;
    if (separator.empty()) return false;
    const auto at = localpart.find(separator, 1);
    if (at == std::string::npos) return false;
    const auto user = localpart.substr(0, at);
    const auto detail = std::string_view(localpart).substr(at + separator.size());
    const auto reached = reach_account(place, user, detail);
    if (!reached || *reached) return reached;
    return follow_alias(place, user, "alias");
}

Result<bool> Walk::by_pattern(const Place& place) {
    auto patterns = lookup_.list_patterns(place.domain.id);
    if (!patterns) return std::unexpected(patterns.error());
    std::erase_if(*patterns, [&](const std::string& pattern) {
        return !matches_pattern(pattern, place.address.localpart);
    });
    if (patterns->empty()) return false;
    // The most specific one: most characters that are no '*'; among equals the order of bytes.
    const auto literals = [](const std::string& pattern) {
        return pattern.size() - static_cast<std::size_t>(std::ranges::count(pattern, '*'));
    };
    const auto best = std::ranges::min(*patterns, [&](const auto& a, const auto& b) {
        const auto in_a = literals(a), in_b = literals(b);
        return in_a != in_b ? in_a > in_b : a < b;
    });
    return follow_alias(place, best, "alias-pattern");
}

Result<bool> Walk::by_catch_all(const Place& place) {
    if (place.domain.catch_all.empty()) return false;
    follow("catch-all", place, place.domain.catch_all);
    return true;
}

Result<bool> Walk::by_postmaster(const Place& place) {
    const auto& localpart = place.address.localpart;
    if (localpart != "postmaster" && localpart != "abuse") return false;
    const auto postmaster = lookup_.postmaster();
    if (!postmaster) return std::unexpected(postmaster.error());
    if (postmaster->empty() || *postmaster == place.address.format()) return false;
    follow("postmaster", place, *postmaster);
    return true;
}

void Walk::finish() {
    if (over_) {
        route_.local.clear();
        route_.relay.clear();
        route_.verdict = *over_;
    } else if (!route_.local.empty() || !route_.relay.empty()) {
        route_.verdict = Verdict::accepted;
    } else {
        // Nothing was reached and nothing was missing: the aliases lead in a circle.
        route_.verdict = failure_.value_or(Verdict::alias_loop);
    }
}

Result<Route> Walk::run(const mail::Address& start) {
    pending_.push_back({start, 0});
    while (!pending_.empty() && !is_over()) {
        auto next = std::move(pending_.front());
        pending_.pop_front();
        if (auto visited = visit(std::move(next)); !visited)
            return std::unexpected(std::move(visited.error()));
        if (!over_ && route_.local.size() + route_.relay.size() > kMaxTargets)
            over_ = Verdict::too_many_targets;
    }
    finish();
    return std::move(route_);
}

} // namespace

Result<Route> find_route(Lookup& lookup, std::string_view address) {
    std::string start(address);
    Route nowhere;
    if (ascii::equals_icase(address, "postmaster")) { // RFC 5321 §4.1.1.3: without a domain
        auto postmaster = lookup.postmaster();
        if (!postmaster) return std::unexpected(std::move(postmaster.error()));
        nowhere.steps.push_back({"postmaster", start, *postmaster});
        start = std::move(*postmaster);
    }
    const auto parsed = canonical_address(start);
    if (!parsed) return nowhere;
    auto route = Walk(lookup).run(*parsed);
    if (route)
        route->steps.insert(route->steps.begin(), nowhere.steps.begin(), nowhere.steps.end());
    return route;
}

} // namespace maild::directory
