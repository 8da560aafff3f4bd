#include "daemon/sandbox.hpp"

#include "daemon/landlock.hpp"
#include "daemon/privileges.hpp"
#include "daemon/seccomp.hpp"

#include "maild/base/unique_fd.hpp"
#include "maild/net/dns_resolver.hpp"
#include "maild/relay/route.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <unicode/uclean.h>
#include <unicode/udata.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace maild::daemon {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSanitized = true; // maps terabytes, and calls what no role needs
#else
constexpr bool kIsSanitized = false;
#endif

constexpr std::uint16_t kHttpsPort = 443; // policies of MTA-STS
constexpr std::uint16_t kDnsPort = 53;    // TCP where an answer is long, RFC 7766

// How libc finds a host's addresses (net::HostLookup). resolv.conf may lead elsewhere, where the
// file is replaced again and again: then its directory.
FileAccess name_lookup() {
    FileAccess access;
    for (const auto* file : {"/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf",
                             "/etc/nsswitch.conf"})
        if (::access(file, R_OK) == 0) access.readable.emplace_back(file);
    std::error_code error;
    const auto target = std::filesystem::canonical("/etc/resolv.conf", error);
    if (!error && target.parent_path() != "/etc")
        access.readable.push_back(target.parent_path().string());
    access.ports.push_back(kDnsPort);
    return access;
}

FileAccess access_of_oauth(const OauthSettings& settings) {
    auto access = name_lookup();
    access.ports.push_back(settings.introspection.port);
    return access;
}

FileAccess access_of_resolver(const DnsSettings& settings) {
    auto access = name_lookup();
    for (const auto& text : settings.servers) {
        const auto server = net::parse_dns_server(text);
        if (server && server->port) access.ports.push_back(*server->port);
    }
    if (!settings.trust_anchor.empty()) access.readable.push_back(settings.trust_anchor);
    return access;
}

FileAccess access_of_sender(const QueueSettings& settings) {
    FileAccess access;
    access.ports.push_back(settings.port);
    if (settings.asks_sts) access.ports.push_back(kHttpsPort);
    for (const auto& route : settings.routes) {
        const auto hop = relay::parse_next_hop(route.via);
        if (hop && !hop->host.empty()) access.ports.push_back(hop->port); // "mx": the queue's
        if (const auto proxy = relay::parse_proxy(route.proxy)) access.ports.push_back(proxy->port);
    }
    return access;
}

FileAccess files_of(Role role, const Config& config) {
    switch (role) {
    case Role::worker:
    case Role::control: return {};
    case Role::auth:
        // SQLite seeds its generator from the device.
        return {{config.paths.directory(), config.paths.tls()}, {"/dev/urandom"}};
    case Role::oauth: return access_of_oauth(config.oauth);
    case Role::resolver: return access_of_resolver(config.dns);
    case Role::sender: return access_of_sender(config.queue);
    case Role::store: return {{config.paths.shards()}, {"/dev/urandom"}};
    case Role::trace: return {{config.paths.traces()}, {}};
    }
    return {};
}

SystemCalls calls_of(Role role) {
    if (role == Role::oauth || role == Role::sender) return SystemCalls::connections;
    if (role == Role::resolver) return SystemCalls::lookups;
    const bool has_files = role == Role::auth || role == Role::store || role == Role::trace;
    return has_files ? SystemCalls::files : SystemCalls::sockets;
}

} // namespace

Result<void> preload_libraries() {
    ::tzset();
    if (::OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS |
                               OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
                           nullptr) != 1) {
        return fail(Errc::internal, "OPENSSL_init_ssl");
    }
    std::array<unsigned char, 16> seed{};
    if (::RAND_bytes(seed.data(), seed.size()) != 1) return fail(Errc::internal, "RAND_bytes");
    // Fetching loads the default provider.
    EVP_MD* digest = ::EVP_MD_fetch(nullptr, "SHA256", nullptr);
    if (digest == nullptr) return fail(Errc::internal, "EVP_MD_fetch");
    ::EVP_MD_free(digest);
    // A charset name out of a message must never become a file name: the data linked in is all.
    UErrorCode status = U_ZERO_ERROR;
    ::udata_setFileAccess(UDATA_NO_FILES, &status);
    ::u_init(&status);
    if (U_FAILURE(status)) return fail(Errc::internal, std::string("ICU: ") + u_errorName(status));
    return {};
}

bool is_forbidden(const char* file) {
    const UniqueFd fd(::open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    return !fd && errno == EACCES;
}

Result<void> enter_sandbox(Role role, const Config& config, SandboxFacts& facts) {
    if (kIsSanitized) {
        facts.lost = "a sanitizer is built in: no sandbox; ";
        return {};
    }
    if (role == Role::worker) {
        const auto limited = limit_memory(config.limits.worker_memory_bytes);
        if (!limited) return limited;
    }
    const auto abi = restrict_files_and_network(files_of(role, config));
    if (!abi) return std::unexpected(abi.error());
    facts.landlock_abi = *abi;
    if (*abi == 0)
        facts.lost += "no Landlock in this kernel; ";
    else if (*abi < 4)
        facts.lost += "Landlock without TCP; ";
    const auto restricted = restrict_system_calls(calls_of(role));
    facts.seccomp = restricted.has_value();
    if (!restricted) facts.lost += "no seccomp: " + restricted.error().internal + "; ";
    return {};
}

} // namespace maild::daemon
