#include "daemon/key_service.hpp"

#include "maild/base/log.hpp"
#include "maild/net/certificate.hpp"

#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <unistd.h>

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

} // namespace

Result<void> KeyService::load(const std::string& certificate_pem, const std::string& key_pem,
                              WallTime now) {
    const auto summary = net::describe_certificate(certificate_pem);
    if (!summary) return std::unexpected(summary.error());
    if (auto fits = net::check_key(certificate_pem, key_pem); !fits) return fits;
    auto signer = net::LocalSigner::create(key_pem);
    if (!signer) return std::unexpected(std::move(signer.error()));
    std::vector<Key> keys;
    keys.push_back({.chain = certificate_pem, .summary = *summary, .signer = std::move(*signer)});
    keys_ = std::move(keys);
    const auto days = (to_unix_seconds(summary->not_after) - to_unix_seconds(now)) / 86'400;
    const bool is_well = net::expiry_warning(*summary, now).empty();
    log::write(is_well ? log::Level::info : log::Level::warning, "certificate_loaded",
               {{"name", name_of(*summary)},
                {"key", summary->key_type},
                {"days_left", days},
                {"self_signed", summary->is_self_signed}});
    return {};
}

Result<void> KeyService::load_client_authorities(std::string pem) {
    auto trust = net::ClientTrust::create(std::move(pem));
    if (!trust) return std::unexpected(std::move(trust.error()));
    client_trust_ = std::move(*trust);
    log::info("client_authorities_loaded", {{"octets", client_trust_->pem().size()}});
    return {};
}

std::string KeyService::expiry_warnings(WallTime now) const {
    std::string out;
    for (const auto& key : keys_) {
        const auto warning = net::expiry_warning(key.summary, now);
        if (warning.empty()) continue;
        if (!out.empty()) out += "; ";
        out += "certificate of " + name_of(key.summary) + ": " + warning;
    }
    return out;
}

bool KeyService::handle(ipc::Connection& connection, const ipc::Request& request) {
    if (request.type == kCertificates) {
        CertificateChains chains;
        for (const auto& key : keys_) chains.chains.push_back(key.chain);
        if (client_trust_) chains.client_authorities = client_trust_->pem();
        connection.reply(request.id, ipc::encode(chains));
        return true;
    }
    if (request.type != kSign) return false;
    connection.answer(request.id, sign(request));
    return true;
}

Result<Signature> KeyService::sign(const ipc::Request& request) {
    auto wanted = ipc::decode<SignRequest>(request.payload);
    if (!wanted) return std::unexpected(std::move(wanted.error()));
    if (wanted->certificate >= keys_.size() || wanted->kind > net::SignatureKind::rsa_raw) {
        return fail(Errc::invalid_argument, "no such key");
    }
    auto bytes =
        keys_[wanted->certificate].signer->sign(wanted->certificate, wanted->kind, wanted->input);
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
