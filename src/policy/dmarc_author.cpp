// From, read twice: strictly, to find the author, and where that fails as widely as any reader may.
#include "policy/authres_syntax.hpp"
#include "policy/dmarc_walk.hpp"

#include "maild/base/ascii.hpp"
#include "maild/policy/dmarc.hpp"

#include <algorithm>

namespace maild::policy::dmarc {
namespace {

constexpr std::size_t kMaxSigns = 50; // "@" behind which the wide reading looks

// atext of RFC 5322 §3.2.3, and RFC 6532's, and the dot of dot-atoms and of obs-phrase (§4.1),
// which many write in names.
bool is_word_octet(char c) {
    constexpr std::string_view kOthers = "!#$%&'*+-/=?^_`{|}~.";
    return ascii::is_8bit(c) || ascii::is_alnum(c) || kOthers.contains(c);
}

bool is_domain_octet(char c) {
    return ascii::is_8bit(c) || ascii::is_alnum(c) || c == '-' || c == '_' || c == '.';
}

// mailbox-list, RFC 5322 §3.4, of unfolded text. Of the obsolete forms there are the dots alone.
class ListReader {
public:
    explicit ListReader(std::string_view text) : in_(text) {}

    // What stands for domains, as written. None: it is no such list.
    std::optional<std::vector<std::string_view>> read() {
        std::vector<std::string_view> domains;
        do {
            const auto domain = mailbox();
            if (!domain) return std::nullopt;
            domains.push_back(*domain);
        } while (in_.take(','));
        if (!in_.at_end()) return std::nullopt;
        return domains;
    }

private:
    // mailbox = name-addr / addr-spec
    std::optional<std::string_view> mailbox() {
        const auto begin = in_;
        const auto bare = addr_spec();
        if (bare && (in_.at_end() || in_.next_is(','))) return bare;
        in_ = begin;
        if (!display_name() || !in_.take('<')) return std::nullopt;
        const auto domain = addr_spec();
        if (!domain || !in_.take('>') || !skip_cfws(in_)) return std::nullopt;
        return domain;
    }

    // [display-name]
    bool display_name() {
        if (!skip_cfws(in_)) return false;
        while (!in_.at_end() && !in_.next_is('<')) {
            if (!word() || !skip_cfws(in_)) return false;
        }
        return true;
    }

    bool word() {
        if (in_.next_is('"')) return take_quoted(in_, mail::Utf8::allowed).has_value();
        return !in_.take_while(is_word_octet).empty();
    }

    // addr-spec = local-part "@" domain, both with CFWS around them. Where the dots of a local part
    // stand is nothing to its domain.
    std::optional<std::string_view> addr_spec() {
        if (!skip_cfws(in_) || !word() || !skip_cfws(in_) || !in_.take('@') || !skip_cfws(in_))
            return std::nullopt;
        const auto domain = in_.next_is('[') ? literal() : in_.take_while(is_domain_octet);
        if (domain.empty() || !skip_cfws(in_)) return std::nullopt;
        return domain;
    }

    std::string_view literal() {
        const auto begin = in_.rest();
        in_.take_while([](char c) { return c != ']' && c != '<' && c != ','; });
        if (!in_.take(']')) return {};
        return begin.substr(0, begin.size() - in_.rest().size());
    }

    Cursor in_;
};

void add(Authors& out, std::optional<std::string> domain) {
    if (!domain || std::ranges::find(out.domains, *domain) != out.domains.end()) return;
    if (out.domains.size() == kMaxAuthors)
        out.has_more = true;
    else
        out.domains.push_back(std::move(*domain));
}

// A domain without the dots around it; of what is none, the ASCII that it begins with.
void add_wide(Authors& out, std::string_view text) {
    while (text.starts_with('.')) text.remove_prefix(1);
    while (text.ends_with('.')) text.remove_suffix(1);
    if (auto domain = domain_name(text)) return add(out, std::move(domain));
    const auto* end = std::ranges::find_if(text, ascii::is_8bit);
    add(out, domain_name(text.substr(0, static_cast<std::size_t>(end - text.begin()))));
}

// What stands behind an "@": as one word, and as obs-domain (§4.4), with CFWS around the dots.
void add_behind_sign(Authors& out, std::string_view text) {
    Cursor in(text);
    skip_cfws(in);
    std::string joined(in.take_while(is_domain_octet));
    add_wide(out, joined);
    while (joined.size() <= mail::kMaxDomainLength) {
        skip_cfws(in);
        if (!in.next_is('.') && !joined.ends_with('.')) break;
        const auto more = in.take_while(is_domain_octet);
        if (more.empty()) break;
        joined += more;
    }
    add_wide(out, joined);
}

void read_widely(Authors& out, std::string_view text) {
    std::size_t signs = 0;
    for (auto at = text.find('@'); at != text.npos; at = text.find('@', at + 1)) {
        if (++signs > kMaxSigns) {
            out.has_more = true;
            return;
        }
        add_behind_sign(out, text.substr(at + 1));
    }
}

// False: it is no list, or there is somebody in it who is of no domain.
bool read_list(Authors& out, std::string_view text) {
    const auto list = ListReader(text).read();
    if (!list) out.problem = "From is no list of addresses";
    if (!list) return false;
    for (const auto one : *list) {
        auto domain = domain_name(one);
        if (!domain) out.problem = "From has an address without a domain";
        add(out, std::move(domain));
    }
    if (!out.problem.empty()) return false;
    if (out.domains.size() > 1) out.problem = "From has addresses of different domains";
    return true;
}

} // namespace

// RFC 9989 §4.2, RFC 7489 §6.6.1: a message that does not say in one way who speaks has no author
// domain, and nobody could say which of several was authenticated.
Authors authors_of(const mail::HeaderSection& section) {
    Authors out;
    std::vector<std::string> fields;
    for (const auto& field : section.fields) {
        if (!field.is("From")) continue;
        out.has_more = out.has_more || field.body.size() >= mail::kMaxFieldBody;
        fields.push_back(mail::unfold(field.body));
    }
    if (out.has_more) out.problem = "From is too long";
    if (fields.size() > 1) out.problem = "From is there twice";
    if (section.limit == mail::HeaderLimit::field_count ||
        section.limit == mail::HeaderLimit::section_size) {
        out.has_more = true;
        out.problem = "the header section is larger than is looked at";
    }
    if (fields.empty() && out.problem.empty()) out.problem = "there is no From";
    if (out.problem.empty() && read_list(out, fields.front())) return out;
    for (const auto& text : fields) read_widely(out, text);
    return out;
}

std::expected<std::string, std::string> author_domain(std::string_view header) {
    auto authors = authors_of(mail::parse_header(header));
    if (!authors.problem.empty()) return std::unexpected(std::move(authors.problem));
    return std::move(authors.domains.front());
}

} // namespace maild::policy::dmarc
