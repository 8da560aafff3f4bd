#include "daemon/key_service.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/log.hpp"
#include "maild/net/certificate.hpp"

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <set>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace maild::daemon {
namespace {

constexpr int kOwnCertificateDays = 3650;
constexpr std::size_t kMaxPem = 1024 * 1024;

Result<std::string> read_pem(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(Errc::not_found, path);
    std::string text(std::istreambuf_iterator<char>(file), {});
    if (text.size() > kMaxPem) return fail(Errc::too_large, path);
    return text;
}

Result<void> write_pem(const std::string& path, const std::string& text) {
    const UniqueFd fd(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return fail_errno(path);
    if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(fd.get()) != 0) {
        return fail_errno(path);
    }
    return {};
}

std::string name_of(const net::CertificateSummary& summary) {
    return summary.names.empty() ? "no name" : summary.names.front();
}

std::vector<std::string> usable_names(const net::CertificateSummary& summary) {
    std::vector<std::string> out;
    for (const auto& name : summary.names) {
        auto lower = ascii::to_lower(name);
        if (net::is_certificate_name(lower)) out.push_back(std::move(lower));
    }
    return out;
}

// What a worker calls the key: not its place in a list, which a reload changes.
std::uint32_t id_of(const net::CertificateSummary& summary) {
    std::uint32_t id = 0;
    const auto digits = std::string_view(summary.fingerprint).substr(0, 8);
    std::from_chars(digits.data(), digits.data() + digits.size(), id, 16);
    return id;
}

void log_loaded(const net::CertificateSummary& summary, WallTime now) {
    const auto days = (to_unix_seconds(summary.not_after) - to_unix_seconds(now)) / 86'400;
    const bool is_well = net::expiry_warning(summary, now).empty();
    log::write(is_well ? log::Level::info : log::Level::warning, "certificate_loaded",
               {{"name", name_of(summary)},
                {"key", summary.key_type},
                {"days_left", days},
                {"self_signed", summary.is_self_signed}});
}

} // namespace

Result<KeyService::Key> KeyService::read(const CertificateSource& source) {
    auto summary = net::describe_certificate(source.certificate);
    if (!summary) return std::unexpected(std::move(summary.error()));
    if (auto fits = net::check_key(source.certificate, source.key); !fits)
        return std::unexpected(std::move(fits.error()));
    auto signer = net::LocalSigner::create(source.key);
    if (!signer) return std::unexpected(std::move(signer.error()));
    return Key{
        .file = source.file,
        .certificate = {.chain = source.certificate,
                        .certificate = id_of(*summary),
                        .names = source.names.empty() ? usable_names(*summary) : source.names},
        .summary = std::move(*summary),
        .signer = std::move(*signer)};
}

Result<void> KeyService::load(const std::vector<CertificateSource>& sources) {
    std::vector<Key> keys;
    for (const auto& source : sources) {
        auto key = read(source);
        if (!key)
            return fail(key.error().code,
                        source.file + (source.file.empty() ? "" : ": ") + key.error().internal);
        const auto twin = std::ranges::find(keys, key->certificate.certificate,
                                            [](const Key& k) { return k.certificate.certificate; });
        if (twin != keys.end() && twin->summary.fingerprint != key->summary.fingerprint)
            return fail(Errc::invalid_argument, source.file +
                                                    ": its fingerprint begins as that of " +
                                                    twin->file + "; renew one of them");
        keys.push_back(std::move(*key));
    }
    retired_ = std::exchange(keys_, std::move(keys));
    for (const auto& key : keys_) log_loaded(key.summary, clock_.now());
    return {};
}

Result<void> KeyService::load_client_authorities(std::string pem) {
    auto trust = net::ClientTrust::create(std::move(pem));
    if (!trust) return std::unexpected(std::move(trust.error()));
    client_trust_ = std::move(*trust);
    log::info("client_authorities_loaded", {{"octets", client_trust_->pem().size()}});
    return {};
}

std::string KeyService::expiry_warnings() const {
    std::string out;
    for (const auto& key : keys_) {
        const auto warning = net::expiry_warning(key.summary, clock_.now());
        if (warning.empty()) continue;
        if (!out.empty()) out += "; ";
        out += "certificate of " + name_of(key.summary) + ": " + warning;
    }
    return out;
}

// The host's own stands behind the others where they have the same name, as in a worker.
CertificateList KeyService::list() const {
    CertificateList out;
    std::set<std::string_view> taken;
    const auto add_served = [&](std::size_t at) {
        for (const auto& name : keys_[at].certificate.names)
            if (taken.insert(name).second) out.certificates[at].served.push_back(name);
    };
    for (const auto& key : keys_) {
        const auto& summary = key.summary;
        out.certificates.push_back({.file = key.file,
                                    .is_own = out.certificates.empty(),
                                    .names = summary.names,
                                    .served = {},
                                    .key_type = summary.key_type,
                                    .issuer = summary.issuer,
                                    .fingerprint = summary.fingerprint,
                                    .not_before = summary.not_before,
                                    .not_after = summary.not_after,
                                    .warning = net::expiry_warning(summary, clock_.now()),
                                    .chain = key.certificate.chain});
    }
    for (std::size_t i = 1; i < keys_.size(); ++i) add_served(i);
    if (!keys_.empty()) add_served(0);
    return out;
}

CertificateChains KeyService::chains() {
    CertificateChains out;
    for (const auto& key : keys_) out.certificates.push_back(key.certificate);
    if (client_trust_) out.client_authorities = client_trust_->pem();
    out.ticket_keys = tickets_.keys_at(clock_.now());
    return out;
}

bool KeyService::handle(ipc::Connection& connection, const ipc::Request& request) {
    switch (request.type) {
    case kCertificates: connection.reply(request.id, ipc::encode(chains())); return true;
    case kTicketKeys:
        connection.reply(request.id, ipc::encode(TicketKeyList{tickets_.keys_at(clock_.now())}));
        return true;
    case kListCertificates: connection.reply(request.id, ipc::encode(list())); return true;
    case kSign: connection.answer(request.id, sign(request)); return true;
    default: return false;
    }
}

net::LocalSigner* KeyService::signer_of(std::uint32_t certificate) const {
    for (const auto* keys : {&keys_, &retired_})
        for (const auto& key : *keys)
            if (key.certificate.certificate == certificate) return key.signer.get();
    return nullptr;
}

Result<Signature> KeyService::sign(const ipc::Request& request) {
    auto wanted = ipc::decode<SignRequest>(request.payload);
    if (!wanted) return std::unexpected(std::move(wanted.error()));
    auto* signer = signer_of(wanted->certificate);
    if (signer == nullptr || wanted->kind > net::SignatureKind::rsa_raw)
        return fail(Errc::invalid_argument, "no such key");
    auto bytes = signer->sign(wanted->certificate, wanted->kind, wanted->input);
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    return Signature{std::move(*bytes)};
}

Result<net::CertificateAndKey> own_certificate(const std::string& directory,
                                               const std::string& hostname, WallTime now) {
    const auto certificate_path = directory + "/self-signed.pem";
    const auto key_path = directory + "/self-signed.key";
    auto certificate = read_pem(certificate_path);
    auto key = read_pem(key_path);
    if (certificate && key && net::check_key(*certificate, *key)) {
        return net::CertificateAndKey{std::move(*certificate), std::move(*key)};
    }
    auto made = net::make_self_signed({hostname}, kOwnCertificateDays, now);
    if (!made) return made;
    // The key first: a certificate is only believed together with its key, so a crash in between
    // makes a new pair.
    if (auto written = write_pem(key_path, made->key); !written)
        return std::unexpected(written.error());
    if (auto written = write_pem(certificate_path, made->certificate); !written)
        return std::unexpected(written.error());
    log::info("certificate_made", {{"name", hostname}, {"path", certificate_path}});
    return made;
}

} // namespace maild::daemon
