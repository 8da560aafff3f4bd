#include "maild/policy/dkim_sign.hpp"

#include "policy/dkim_header.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"
#include "maild/policy/dkim_private_key.hpp"

#include <algorithm>
#include <set>

namespace maild::policy::dkim {
namespace {

constexpr std::size_t kLineLength = 76; // RFC 5322 §2.1.1 has 78
constexpr std::string_view kFold = "\r\n\t";

// RFC 6376 §5.4.1: what says who speaks to whom of what, and how to read it. Not what changes on
// the way (Received, Return-Path, Authentication-Results).
constexpr std::string_view kAdvised[] = {
    "From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To",
    "References", "Resent-Date", "Resent-From", "Resent-To", "Resent-Cc", "MIME-Version",
    "Content-Type", "Content-Transfer-Encoding", "List-Id", "List-Help", "List-Unsubscribe",
    "List-Subscribe", "List-Post", "List-Owner", "List-Archive", "List-Unsubscribe-Post",
    // RFC 8460 §5.3, RFC 8689 §3
    "TLS-Report-Domain", "TLS-Report-Submitter", "TLS-Required"};
constexpr std::string_view kOversigned[] = {"From", "Reply-To", "To", "Cc", "Subject", "Date"};

std::string_view name_of(Canonicalization canonicalization) {
    return canonicalization == Canonicalization::simple ? "simple" : "relaxed";
}

// The field, put together item by item: before one that does not fit, the line is folded.
class FieldWriter {
public:
    explicit FieldWriter(std::string start) : text_(std::move(start)) {}

    void tag(std::string_view name, std::string_view value) {
        item(std::string(name) + "=" + std::string(value) + ";", true);
    }
    // Folds may stand before an item with a space, and between the items of a list (FWS around
    // colons, §3.5).
    void item(std::string_view text, bool with_space) {
        if (text_.size() - line_ + text.size() + 1 > kLineLength) {
            text_ += kFold;
            line_ = text_.size() - 1;
        } else if (with_space) {
            text_ += ' ';
        }
        text_ += text;
    }
    // Base64 may be folded anywhere.
    void base64(std::string_view value) {
        while (!value.empty()) {
            const auto room = kLineLength - std::min(kLineLength - 1, text_.size() - line_);
            const auto piece = value.substr(0, room);
            text_ += piece;
            value.remove_prefix(piece.size());
            if (value.empty()) return;
            text_ += kFold;
            line_ = text_.size() - 1;
        }
    }
    const std::string& text() const { return text_; }

private:
    std::string text_;
    std::size_t line_ = 0; // where the line begins
};

bool is_field_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return c > ' ' && c < 0x7f && c != ':' && c != ';';
    });
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

template <class Names> std::vector<std::string> lower(const Names& names) {
    std::vector<std::string> out(std::size(names));
    std::ranges::transform(names, out.begin(),
                           [](std::string_view name) { return ascii::to_lower(name); });
    return out;
}

// A name as often as its field is there, and once more if it is oversigned.
std::vector<std::string> names_to_sign(const MessageHeader& header, const SigningOptions& options) {
    auto wanted = options.fields.empty() ? lower(kAdvised) : lower(options.fields);
    const auto oversigned =
        options.oversigned.empty() ? lower(kOversigned) : lower(options.oversigned);
    wanted.insert(wanted.end(), oversigned.begin(), oversigned.end());
    std::vector<std::string> names;
    for (const auto& name : wanted) {
        if (contains(names, name)) continue;
        names.insert(names.end(), header.count(name) + (contains(oversigned, name) ? 1 : 0), name);
    }
    return names;
}

Result<void> check_fields(const SigningOptions& options, const MessageHeader& header) {
    if (header.count("From") == 0)
        return fail(Errc::invalid_argument, "a message without From cannot be signed");
    for (const auto* list : {&options.fields, &options.oversigned}) {
        if (!std::ranges::all_of(*list, is_field_name))
            return fail(Errc::invalid_argument, "no list of field names");
    }
    return {};
}

bool is_too_large(const Prepared& prepared) {
    return prepared.fields.size() > kMaxPreparedFields || prepared.names.size() > kMaxSignedFields;
}

// It may come from somewhere else than prepare().
Result<void> check_prepared(const Prepared& prepared) {
    constexpr std::size_t kSha256 = 32;
    if (is_too_large(prepared)) return fail(Errc::too_large, "more than can be signed");
    if (prepared.body_hash.size() != kSha256)
        return fail(Errc::invalid_argument, "no hash of a body");
    if (!std::ranges::all_of(prepared.names, is_field_name))
        return fail(Errc::invalid_argument, "no list of field names");
    return {};
}

Result<void> check_names(const SigningOptions& options) {
    const auto domain = dns_name(options.domain);
    if (!domain || !domain->contains('.'))
        return fail(Errc::invalid_argument, "'" + options.domain + "' is no domain");
    if (!dns_name(options.selector))
        return fail(Errc::invalid_argument, "'" + options.selector + "' is no selector");
    return {};
}

// §3.4.3: what is hashed is what arrives, and lines arrive with CRLF.
std::string body_hash(std::string_view body, Canonicalization canonicalization) {
    BodyHashes hashes;
    const auto wanted = hashes.want(canonicalization, std::nullopt);
    hashes.take(body);
    hashes.finish();
    return hashes.hash(wanted);
}

// dkim-quoted-printable, RFC 6376 §2.11: what would end the tag, and what is no printable ASCII.
std::string quoted_printable(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        if (octet > 0x20 && octet < 0x7f && c != ';' && c != '=')
            out += c;
        else
            ((out += '=') += kHex[octet >> 4]) += kHex[octet & 0xf];
    }
    return out;
}

// Up to and with "b=".
FieldWriter unsigned_field(const SigningOptions& options, const Signer& signer,
                           const Prepared& prepared) {
    const auto& names = prepared.names;
    FieldWriter field("DKIM-Signature: v=1;");
    field.tag("a", signer.algorithm);
    field.tag("c", std::string(name_of(options.header_canonicalization)) + "/" +
                       std::string(name_of(options.body_canonicalization)));
    field.tag("d", *dns_name(options.domain));
    field.tag("s", *dns_name(options.selector));
    if (!options.identity.empty()) field.tag("i", quoted_printable(options.identity));
    if (options.time) field.tag("t", std::to_string(*options.time));
    if (options.expires) field.tag("x", std::to_string(*options.expires));
    for (std::size_t i = 0; i < names.size(); ++i) {
        const bool is_last = i + 1 == names.size();
        field.item((i == 0 ? "h=" : "") + names[i] + (is_last ? ";" : ":"), i == 0);
    }
    field.tag("bh", base64_encode(prepared.body_hash));
    field.item("b=", true);
    return field;
}

} // namespace

Result<Signer> signer_from_pem(std::string_view pem) {
    const auto key = PrivateKey::from_pem(pem);
    if (!key) return std::unexpected(key.error());
    return key->signer();
}

Result<Prepared> prepare(std::string_view header, std::string_view body,
                         const SigningOptions& options) {
    const MessageHeader fields(header);
    if (auto good = check_fields(options, fields); !good) return std::unexpected(good.error());
    if (!fields.is_whole()) return fail(Errc::too_large, "more header fields than can be signed");
    Prepared prepared;
    prepared.names = names_to_sign(fields, options);
    Signature wanted;
    wanted.header_canonicalization = options.header_canonicalization;
    wanted.fields.assign(prepared.names.begin(), prepared.names.end());
    fields.give_fields(wanted, fields.fields().size(),
                       [&](std::string_view text) { prepared.fields += text; });
    if (is_too_large(prepared))
        return fail(Errc::too_large, "a header section larger than can be signed");
    prepared.body_hash = body_hash(body, options.body_canonicalization);
    return prepared;
}

Result<std::string> sign_prepared(const Prepared& prepared, const Signer& signer,
                                  const SigningOptions& options) {
    if (auto good = check_names(options); !good) return std::unexpected(good.error());
    if (auto good = check_prepared(prepared); !good) return std::unexpected(good.error());
    auto field = unsigned_field(options, signer, prepared);
    // What a verifier will read of it, as far as it stands: no b= yet, so that is put in.
    const auto body = field.text().substr(field.text().find(':') + 1);
    const auto text = body + "AAAA";
    auto signature = parse_dkim_signature(text);
    if (!signature) return fail(Errc::invalid_argument, signature.error().reason);
    signature->value_begin = signature->value_end = body.size();
    Sha256 digest;
    digest.update(prepared.fields);
    digest.update(unsigned_form(*signature, field.text()));
    const auto made = signer.sign(digest.finish());
    if (!made) return std::unexpected(made.error());
    field.base64(base64_encode(*made));
    return field.text() + "\r\n";
}

Result<std::string> sign(std::string_view content, const Signer& signer,
                         const SigningOptions& options) {
    const auto body = mail::parse_header(content).body_begin;
    const auto prepared = prepare(content.substr(0, body), content.substr(body), options);
    if (!prepared) return std::unexpected(prepared.error());
    return sign_prepared(*prepared, signer, options);
}

std::optional<std::string_view> author_of(const Prepared& prepared) {
    constexpr std::string_view kFrom = "from";
    std::optional<std::string_view> author;
    std::string_view rest = prepared.fields;
    for (const auto& name : prepared.names) {
        // One that is not there adds nothing: such as those that are oversigned.
        if (!rest.starts_with(name) || !rest.substr(name.size()).starts_with(':')) continue;
        const auto end = rest.find("\r\n");
        if (end == rest.npos) return std::nullopt;
        if (name == kFrom && author) return std::nullopt;
        if (name == kFrom) author = rest.substr(name.size() + 1, end - name.size() - 1);
        rest.remove_prefix(end + 2);
    }
    const auto is_from = [](std::string_view name) { return ascii::equals_icase(name, kFrom); };
    if (!rest.empty() || std::ranges::count_if(prepared.names, is_from) != 2) return std::nullopt;
    return author;
}

} // namespace maild::policy::dkim
