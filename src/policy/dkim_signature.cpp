#include "policy/dkim_signature.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace maild::policy::dkim {
namespace {

using Check = std::expected<void, Refusal>;

std::unexpected<Refusal> refuse(Fault fault, std::string reason) {
    return std::unexpected(Refusal{fault, std::move(reason)});
}

// What tags mean, one function each; the first that refuses ends it.
class Reader {
public:
    explicit Reader(const TagList& tags) : tags_(tags) {}

    const Tag* required(std::string_view name) {
        const auto* tag = tags_.find(name);
        if (tag == nullptr) fail(Fault::syntax, "no tag " + std::string(name) + "=");
        return tag;
    }
    void fail(Fault fault, std::string reason) {
        if (!refusal_) refusal_ = Refusal{fault, std::move(reason)};
    }
    SignatureResult result() {
        if (refusal_) return std::unexpected(*refusal_);
        return std::move(out_);
    }

    void version() {
        const auto* tag = required("v");
        if (tag != nullptr && tag->value != "1")
            fail(Fault::syntax, "an unknown version of DKIM signatures");
    }
    void algorithm();
    void signature();
    void body_hash();
    void canonicalization();
    void domain_and_selector();
    void identity();
    void fields(bool may_be_empty);
    void length();
    void query();
    void times();
    void instance();
    void chain_status();

    Signature& out() { return out_; }

private:
    std::string decoded(const Tag& tag);
    std::optional<std::uint64_t> time(std::string_view name);

    const TagList& tags_;
    Signature out_;
    std::optional<Refusal> refusal_;
};

// Literals of ABNF have no case (RFC 5234 §2.3).
void Reader::algorithm() {
    const auto* tag = required("a");
    if (tag == nullptr) return;
    const auto name = ascii::to_lower(tag->value);
    out_.algorithm = name;
    if (name == "ed25519-sha256") {
        out_.key_kind = KeyKind::ed25519;
    } else if (name == "rsa-sha1") {
        fail(Fault::historic, "rsa-sha1 proves nothing any more (RFC 8301)");
    } else if (name != "rsa-sha256") {
        fail(Fault::syntax, "an unknown algorithm");
    }
}

std::string Reader::decoded(const Tag& tag) {
    auto octets = decode_base64(tag.value);
    if (!octets || octets->empty())
        fail(Fault::syntax, "tag " + std::string(tag.name) + "= is not base64");
    return octets ? std::move(*octets) : std::string();
}

void Reader::signature() {
    const auto* tag = required("b");
    if (tag == nullptr) return;
    out_.signature = decoded(*tag);
    out_.start = without_space(tag->value).substr(0, 8);
    out_.value_begin = tag->begin;
    out_.value_end = tag->end;
}

void Reader::body_hash() {
    if (const auto* tag = required("bh")) out_.body_hash = decoded(*tag);
}

// sig-c-tag-alg ["/" sig-c-tag-alg]
void Reader::canonicalization() {
    const auto* tag = tags_.find("c");
    if (tag == nullptr) return;
    const auto kind = [](std::string_view name) -> std::optional<Canonicalization> {
        if (ascii::equals_icase(name, "simple")) return Canonicalization::simple;
        if (ascii::equals_icase(name, "relaxed")) return Canonicalization::relaxed;
        return std::nullopt;
    };
    const auto slash = tag->value.find('/');
    const auto header = kind(tag->value.substr(0, slash));
    const auto body = slash == std::string_view::npos ? Canonicalization::simple
                                                      : kind(tag->value.substr(slash + 1));
    if (!header || !body) return fail(Fault::syntax, "an unknown canonicalization");
    out_.names_canonicalization = true;
    out_.header_canonicalization = *header;
    out_.body_canonicalization = *body;
}

void Reader::domain_and_selector() {
    const auto* domain = required("d");
    const auto* selector = required("s");
    if (domain == nullptr || selector == nullptr) return;
    auto name = dns_name(domain->value);
    auto below = dns_name(selector->value);
    // domain-name has two labels at least.
    if (!name || !name->contains('.')) return fail(Fault::syntax, "tag d= is no domain");
    if (!below) return fail(Fault::syntax, "tag s= is no selector");
    out_.domain = std::move(*name);
    out_.selector = std::move(*below);
}

// [ Local-part ] "@" domain-name, in the domain d= or below it (§6.1.1).
void Reader::identity() {
    const auto* tag = tags_.find("i");
    out_.identity = "@" + out_.domain;
    if (tag == nullptr) return;
    auto text = decode_quoted(tag->value);
    if (text && std::ranges::any_of(*text, ascii::is_control))
        return fail(Fault::syntax, "tag i= has a control character");
    const auto at = text ? text->rfind('@') : std::string::npos;
    if (at == std::string::npos) return fail(Fault::syntax, "tag i= is no identity");
    const auto domain = dns_name(std::string_view(*text).substr(at + 1));
    if (!domain) return fail(Fault::syntax, "tag i= has no domain");
    if (*domain != out_.domain && !domain->ends_with("." + out_.domain))
        return fail(Fault::requirement, "the domain of i= is not below that of d=");
    out_.identity = text->substr(0, at + 1) + *domain;
}

// hdr-name *( ":" hdr-name ); field names are ftext of RFC 5322 §3.6.8.
void Reader::fields(bool may_be_empty) {
    const auto* tag = required("h");
    if (tag == nullptr) return;
    out_.fields = split_colons(tag->value);
    if (out_.fields.size() > kMaxSignedFields)
        return fail(Fault::requirement, "tag h= has too many names");
    for (const auto name : out_.fields) {
        const bool is_name =
            std::ranges::all_of(name, [](char c) { return !ascii::is_control(c) && c != ' '; });
        if (!is_name || (name.empty() && !may_be_empty))
            return fail(Fault::syntax, "tag h= is no list of field names");
    }
}

// 1*76DIGIT. What no message can have is as good as the largest number.
void Reader::length() {
    const auto* tag = tags_.find("l");
    if (tag == nullptr) return;
    const auto text = tag->value;
    if (text.empty() || text.size() > 76 || !std::ranges::all_of(text, ascii::is_digit))
        return fail(Fault::syntax, "tag l= is no number");
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    out_.length = error == std::errc() ? number : std::numeric_limits<std::uint64_t>::max();
}

void Reader::query() {
    const auto* tag = tags_.find("q");
    if (tag == nullptr) return;
    const auto methods = split_colons(tag->value);
    const bool has_dns = std::ranges::any_of(
        methods, [](std::string_view method) { return ascii::equals_icase(method, "dns/txt"); });
    if (!has_dns) fail(Fault::syntax, "tag q= names no way to the key that is known");
}

std::optional<std::uint64_t> Reader::time(std::string_view name) {
    const auto* tag = tags_.find(name);
    if (tag == nullptr) return std::nullopt;
    const auto time = parse_time(tag->value);
    if (!time) fail(Fault::syntax, "tag " + std::string(name) + "= is no time");
    return time;
}

void Reader::times() {
    const auto made = time("t");
    out_.expires = time("x");
    if (made && out_.expires && *out_.expires <= *made)
        fail(Fault::requirement, "it expires before it was made");
}

void Reader::instance() {
    const auto* tag = required("i");
    if (tag == nullptr) return;
    const auto number = parse_instance(tag->value);
    if (!number) return fail(Fault::syntax, "tag i= is no instance");
    out_.instance = *number;
}

void Reader::chain_status() {
    const auto* tag = required("cv");
    if (tag == nullptr) return;
    out_.chain_status = ascii::to_lower(tag->value);
    if (out_.chain_status != "none" && out_.chain_status != "pass" && out_.chain_status != "fail")
        fail(Fault::syntax, "tag cv= is no chain status");
}

std::expected<TagList, Refusal> tags_of(std::string_view body) {
    auto tags = parse_tag_list(body);
    if (!tags)
        return refuse(Fault::syntax,
                      "no list of tags: " + std::string(tags.error().expected) + " expected");
    return std::move(*tags);
}

bool has_field(const Signature& signature, std::string_view name) {
    return std::ranges::any_of(signature.fields, [name](std::string_view field) {
        return ascii::equals_icase(field, name);
    });
}

} // namespace

SignatureResult parse_dkim_signature(std::string_view body) {
    const auto tags = tags_of(body);
    if (!tags) return std::unexpected(tags.error());
    Reader reader(*tags);
    reader.version();
    reader.algorithm();
    reader.signature();
    reader.body_hash();
    reader.canonicalization();
    reader.domain_and_selector();
    reader.identity();
    reader.fields(false);
    reader.length();
    reader.query();
    reader.times();
    if (!has_field(reader.out(), "From")) // §5.4, §6.1.1
        reader.fail(Fault::requirement, "From is not signed");
    return reader.result();
}

// As a DKIM-Signature, but i= is the instance, v= means nothing, and From need not be signed. RFC
// 8617 §4.1.2 forbids to sign ARC's own fields; a seal among them would be a circle, and is
// refused, while the others do no harm and are signed by some. So are no fields at all (empty names
// in h=).
SignatureResult parse_arc_message_signature(std::string_view body) {
    const auto tags = tags_of(body);
    if (!tags) return std::unexpected(tags.error());
    Reader reader(*tags);
    reader.instance();
    reader.algorithm();
    reader.signature();
    reader.body_hash();
    reader.canonicalization();
    reader.domain_and_selector();
    reader.fields(true);
    reader.length();
    reader.query();
    reader.times();
    if (has_field(reader.out(), "ARC-Seal")) reader.fail(Fault::requirement, "a seal is signed");
    return reader.result();
}

SignatureResult parse_arc_seal(std::string_view body) {
    const auto tags = tags_of(body);
    if (!tags) return std::unexpected(tags.error());
    Reader reader(*tags);
    reader.instance();
    reader.chain_status();
    reader.algorithm();
    reader.signature();
    reader.domain_and_selector();
    reader.times();
    reader.out().header_canonicalization = Canonicalization::relaxed; // RFC 8617 §4.1.3
    if (tags->find("h") != nullptr) reader.fail(Fault::requirement, "a seal must not have h=");
    return reader.result();
}

std::optional<unsigned> parse_instance(std::string_view value) {
    constexpr std::uint64_t kMostInstances = 50;
    Cursor in(value);
    const auto number = in.take_number(kMostInstances);
    if (!number || !in.at_end() || *number == 0 || value.size() > 2) return std::nullopt;
    return static_cast<unsigned>(*number);
}

} // namespace maild::policy::dkim
