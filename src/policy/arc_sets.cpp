#include "policy/arc_sets.hpp"

#include "policy/authres_syntax.hpp"

#include "maild/base/ascii.hpp"
#include "maild/policy/arc.hpp"

#include <algorithm>

namespace maild::policy::arc {
namespace {

using Problem = std::unexpected<std::string>;

// One instance as it is collected: a second field of a kind is a fault, and so is a missing one.
struct Partial {
    std::optional<std::size_t> results, message, seal;
    dkim::Signature message_signature, seal_signature;

    bool is_whole() const { return results && message && seal; }
};

std::string say(std::string_view field, unsigned instance, std::string_view what) {
    return std::string(field) + " " + std::to_string(instance) + ": " + std::string(what);
}

class Collector {
public:
    explicit Collector(const dkim::MessageHeader& header) : header_(header) {}

    // Whether the field is one of ARC's. Problem: it makes the chain invalid.
    std::expected<void, std::string> take(std::size_t index);
    std::expected<std::vector<Set>, std::string> chain();

private:
    std::expected<void, std::string> take_results(std::size_t index);
    std::expected<void, std::string> take_message(std::size_t index);
    std::expected<void, std::string> take_seal(std::size_t index);
    std::expected<Partial*, std::string>
    place(unsigned instance, std::optional<std::size_t> Partial::* part, std::size_t index);

    const dkim::MessageHeader& header_;
    std::vector<Partial> sets_;
};

std::expected<Partial*, std::string>
Collector::place(unsigned instance, std::optional<std::size_t> Partial::* part, std::size_t index) {
    if (sets_.size() < instance) sets_.resize(instance);
    auto& set = sets_[instance - 1];
    if (set.*part) return Problem(say(header_.fields()[index].name, instance, "it is there twice"));
    set.*part = index;
    return &set;
}

std::expected<void, std::string> Collector::take_results(std::size_t index) {
    const auto instance = results_instance(header_.fields()[index].body);
    if (!instance) return Problem("ARC-Authentication-Results without an instance");
    const auto set = place(*instance, &Partial::results, index);
    if (!set) return Problem(set.error());
    return {};
}

std::expected<void, std::string> Collector::take_message(std::size_t index) {
    auto signature = dkim::parse_arc_message_signature(header_.fields()[index].body);
    if (!signature) return Problem("ARC-Message-Signature: " + signature.error().reason);
    const auto set = place(signature->instance, &Partial::message, index);
    if (!set) return Problem(set.error());
    (*set)->message_signature = std::move(*signature);
    return {};
}

std::expected<void, std::string> Collector::take_seal(std::size_t index) {
    auto signature = dkim::parse_arc_seal(header_.fields()[index].body);
    if (!signature) return Problem("ARC-Seal: " + signature.error().reason);
    const auto set = place(signature->instance, &Partial::seal, index);
    if (!set) return Problem(set.error());
    (*set)->seal_signature = std::move(*signature);
    return {};
}

std::expected<void, std::string> Collector::take(std::size_t index) {
    const auto& field = header_.fields()[index];
    const bool is_results = field.is("ARC-Authentication-Results");
    const bool is_message = field.is("ARC-Message-Signature");
    if (!is_results && !is_message && !field.is("ARC-Seal")) return {};
    if (field.end - field.begin > dkim::kMaxSignatureField) return Problem("a field is too long");
    if (is_results) return take_results(index);
    return is_message ? take_message(index) : take_seal(index);
}

// §5.2 steps 2 and 3.
std::expected<std::vector<Set>, std::string> Collector::chain() {
    std::vector<Set> chain;
    if (!sets_.empty() && sets_.back().seal && sets_.back().seal_signature.chain_status == "fail")
        return Problem("the last sealer found the chain broken");
    for (unsigned i = 1; i <= sets_.size(); ++i) {
        auto& set = sets_[i - 1];
        if (!set.is_whole()) return Problem("set " + std::to_string(i) + " is not whole");
        if (set.seal_signature.chain_status != (i == 1 ? "none" : "pass"))
            return Problem(say("ARC-Seal", i, "it has the wrong cv="));
        chain.push_back({*set.results, *set.message, *set.seal, std::move(set.message_signature),
                         std::move(set.seal_signature)});
    }
    return chain;
}

} // namespace

std::expected<std::vector<Set>, std::string> collect_sets(const dkim::MessageHeader& header) {
    if (!header.is_whole()) return Problem("the header section is larger than is looked at");
    Collector collector(header);
    for (std::size_t i = 0; i < header.fields().size(); ++i) {
        if (const auto taken = collector.take(i); !taken) return Problem(taken.error());
    }
    return collector.chain();
}

// instance = [CFWS] %x69 [CFWS] "=" [CFWS] instance-value, §4.2.1.
std::optional<unsigned> results_instance(std::string_view body) {
    Cursor in(body);
    if (!skip_cfws(in) || !in.take('i') || !skip_cfws(in) || !in.take('=') || !skip_cfws(in))
        return std::nullopt;
    const auto instance = dkim::parse_instance(in.take_while(ascii::is_digit));
    if (!skip_cfws(in) || !in.take(';')) return std::nullopt;
    return instance;
}

} // namespace maild::policy::arc
