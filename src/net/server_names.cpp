#include "maild/net/server_names.hpp"

#include "net/remote_key.hpp"
#include "net/server_identity.hpp"

#include "maild/base/ascii.hpp"

#include <openssl/pem.h>

#include <algorithm>
#include <functional>
#include <unordered_map>

namespace maild::net {
namespace {

// RFC 6066 §3 has ASCII host names; what certificates have beside them does no harm.
bool is_name_char(char c) { return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_'; }

bool is_lower_name(std::string_view name) {
    return !name.empty() && name.size() <= kMaxServerName && name.front() != '.' &&
           std::ranges::all_of(name, is_name_char) && ascii::to_lower(name) == name;
}

// A number of two octets, and as many octets as it says.
bool take_vector(std::string_view& in, std::string_view& out) {
    if (in.size() < 2) return false;
    const auto high = static_cast<unsigned char>(in[0]);
    const auto low = static_cast<unsigned char>(in[1]);
    const std::size_t size = std::size_t{high} << 8 | low;
    if (in.size() - 2 < size) return false;
    out = in.substr(2, size);
    in.remove_prefix(2 + size);
    return true;
}

std::string_view behind_first_label(std::string_view name) {
    const auto dot = name.find('.');
    return dot == name.npos ? std::string_view() : name.substr(dot);
}

} // namespace

Result<ServerNames::Identity> make_identity(const std::string& pem, std::uint32_t certificate,
                                            KeySigner& signer) {
    ERR_clear_error();
    const auto bio = bio_of(pem);
    ServerNames::Identity identity;
    identity.leaf.reset(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!identity.leaf)
        return fail_openssl(Errc::invalid_argument, "certificate: no PEM certificate can be read");
    identity.chain.reset(sk_X509_new_null());
    while (X509Ptr issuer{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
        if (sk_X509_push(identity.chain.get(), issuer.get()) == 0)
            return fail_openssl(Errc::internal, "certificate chain");
        static_cast<void>(issuer.release()); // the chain's
    }
    ERR_clear_error(); // the end of the text
    auto key = make_remote_key(identity.leaf.get(), certificate, signer);
    if (!key) return std::unexpected(std::move(key.error()));
    identity.key = std::move(*key);
    unsigned size = 0;
    if (X509_digest(identity.leaf.get(), EVP_sha256(), identity.fingerprint.data(), &size) != 1)
        return fail_openssl(Errc::internal, "certificate's digest");
    return identity;
}

bool use_identity(SSL* ssl, const ServerNames::Identity& identity) {
    SSL_certs_clear(ssl); // one of another kind of key would be chosen by what the client signs
    return SSL_use_cert_and_key(ssl, identity.leaf.get(), identity.key.get(), identity.chain.get(),
                                1) == 1;
}

struct ServerNames::Table {
    struct Hash : std::hash<std::string_view> {
        using is_transparent = void;
    };
    std::vector<std::unique_ptr<const Identity>> identities;
    std::unordered_map<std::string, const Identity*, Hash, std::equal_to<>> by_name;
};

ServerNames::ServerNames(std::unique_ptr<const Table> table) : table_(std::move(table)) {}
ServerNames::~ServerNames() = default;

Result<std::shared_ptr<const ServerNames>>
ServerNames::create(const std::vector<NamedCertificate>& certificates, KeySigner& signer) {
    auto table = std::make_unique<Table>();
    for (const auto& each : certificates) {
        auto made = make_identity(each.chain, each.certificate, signer);
        if (!made) return std::unexpected(std::move(made.error()));
        table->identities.push_back(std::make_unique<const Identity>(std::move(*made)));
        for (const auto& name : each.names)
            table->by_name.emplace(name, table->identities.back().get());
    }
    return std::shared_ptr<const ServerNames>(new ServerNames(std::move(table)));
}

const ServerNames::Identity* ServerNames::find(std::string_view name) const {
    const auto& names = table_->by_name;
    if (names.empty() || name.empty() || name.size() > kMaxServerName) return nullptr;
    auto found = names.find(name);
    if (found == names.end()) {
        const auto parent = behind_first_label(name);
        if (!parent.empty()) found = names.find("*" + std::string(parent));
    }
    return found == names.end() ? nullptr : found->second;
}

bool is_certificate_name(std::string_view name) {
    if (name.starts_with("*.")) name.remove_prefix(2);
    return is_lower_name(name);
}

bool covers_name(std::string_view certified, std::string_view name) {
    if (certified == name) return true;
    return certified.starts_with("*.") && !name.starts_with("*") && name.find('.') != 0 &&
           behind_first_label(name) == certified.substr(1);
}

// struct { NameType name_type; select (name_type) { case host_name: HostName; } name; } ServerName;
// ServerName server_name_list<1..2^16-1>. There is one of each type at most, and one type.
std::string parse_server_name(std::string_view extension) {
    std::string_view list;
    std::string_view name;
    if (!take_vector(extension, list) || !extension.empty()) return {};
    if (!list.starts_with('\0')) return {};
    list.remove_prefix(1);
    if (!take_vector(list, name) || !list.empty()) return {};
    return normalised_server_name(name);
}

std::string normalised_server_name(std::string_view name) {
    auto lower = ascii::to_lower(name);
    return is_lower_name(lower) ? lower : std::string();
}

} // namespace maild::net
