#include "daemon/account.hpp"
#include "daemon/config_file.hpp"
#include "daemon/memory_report.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/error.hpp"
#include "maild/base/log.hpp"
#include "maild/base/unique_fd.hpp"
#include "maild/net/certificate.hpp"
#include "maild/net/client_tls.hpp"
#include "maild/net/client_trust.hpp"
#include "maild/net/dns_resolver.hpp"
#include "maild/net/server_names.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <thread>
#include <tuple>
#include <unistd.h>

namespace maild::daemon {
namespace {

constexpr std::size_t kMaxAuthorities = 1024 * 1024;

Result<std::string> read_limited(const std::string& file, std::size_t limit = kMaxConfigBytes) {
    const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return fail_errno(file);
    std::string text(limit + 1, '\0'); // one more, so that a longer file is seen as such
    std::size_t size = 0;
    while (size < text.size()) {
        const auto count = ::read(fd.get(), text.data() + size, text.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno(file);
        if (count == 0) break;
        size += static_cast<std::size_t>(count);
    }
    text.resize(size);
    return text;
}

class HostCheck {
public:
    explicit HostCheck(const ParsedConfig& parsed) : parsed_(parsed) {}

    void user(const std::string& key, const std::string& name) {
        const auto account = find_account(name);
        if (account && account->uid == 0) {
            return add(key, "is " + log::escaped(name) + ", who is root",
                       "name a user of its own: a role must not keep root's rights");
        }
        if (account && !seen_.insert(account->uid).second) {
            return add(key, "is " + log::escaped(name) + ", who has another role already",
                       "name a user of its own: roles must not reach into each other");
        }
        if (account) return;
        add(key, "is " + log::escaped(name) + ", and this host has no such user",
            "create it: useradd --system --no-create-home --shell /usr/sbin/nologin NAME");
    }

    // A directory that exists must belong to us or root and be writable by nobody else: whoever
    // can plant files there decides what the daemon opens.
    void directory(const std::string& key, const std::string& path) {
        struct stat facts{};
        if (::lstat(path.c_str(), &facts) != 0) {
            if (errno == ENOENT) return parent(key, path);
            return add(key, path + ": " + std::strerror(errno), "make the path accessible");
        }
        if (!S_ISDIR(facts.st_mode)) {
            add(key, path + " is no directory", "remove what is there, or name another path");
        } else if ((facts.st_mode & 0022) != 0) {
            add(key, path + " can be written by others than its owner", "chmod go-w " + path);
        } else if (facts.st_uid != 0 && facts.st_uid != ::geteuid()) {
            add(key, path + " belongs to another user", "chown it to the user that starts maild");
        }
    }

    // The roles' users must be able to reach what is below.
    void passable(const std::string& key, const std::string& path) {
        for (auto end = path.rfind('/'); end != 0 && end != path.npos;
             end = path.rfind('/', end - 1)) {
            struct stat facts{};
            const auto above = path.substr(0, end);
            if (::stat(above.c_str(), &facts) != 0 || (facts.st_mode & S_IXOTH) != 0) continue;
            add(key, above + " cannot be passed by the users of the roles", "chmod o+x " + above);
        }
    }

    void readable(const std::string& key, const std::string& path) {
        if (path.empty()) return;
        const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        struct stat facts{};
        if (!fd) {
            add(key, path + ": " + std::strerror(errno), "name a file that maild can read");
        } else if (::fstat(fd.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
            add(key, path + " is no regular file", "name a regular file");
        } else if (is_secret(key) && (facts.st_mode & 0007) != 0) {
            add(key, path + " can be read or written by everyone", "chmod o= " + path);
        }
    }

    // A certificate and its key, `section` being what their keys stand in. RFC 5280 §4.1.2.5: with
    // wrong dates clients would turn away from every session. At start that is better said than
    // met; a reload leaves the old one in use.
    void certificate(const std::string& section, const NamedTlsFiles& files, WallTime now) {
        const auto certificate_key = section + ".certificate";
        readable(certificate_key, files.certificate);
        readable(section + ".key", files.key);
        const auto pem = files.certificate.empty() ? Result<std::string>(fail(Errc::not_found))
                                                   : read_limited(files.certificate);
        if (!pem) return; // readable() has said why
        const auto certificate = net::describe_certificate(*pem);
        if (!certificate)
            return add(certificate_key, files.certificate + ": " + certificate.error().internal,
                       "name a file with a certificate and its chain in PEM");
        if (!net::is_valid_at(*certificate, now))
            add(certificate_key, files.certificate + ": " + net::expiry_warning(*certificate, now),
                "renew it, or leave certificate and key out for a self-signed one");
        key_fits(section + ".key", *pem, files.key);
        bears(section + ".names", *certificate, files.names);
    }

    void authorities(const std::string& key, const std::string& path) {
        auto pem = path.empty() ? Result<std::string>(fail(Errc::not_found)) : read_limited(path);
        if (!pem) return; // readable() has said why
        const auto trust = net::ClientTrust::create(std::move(*pem));
        if (!trust)
            add(key, path + ": " + trust.error().internal,
                "name a file with the authorities' certificates, and CRLs if any, in PEM");
    }

    void log_directory(const std::string& path) {
        if (path.empty()) return;
        const auto directory = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
        struct stat facts{};
        if (::stat(directory.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode)) return;
        add("log.to", directory + " is not there", "mkdir -p " + directory);
    }

    ConfigFaults take() { return std::move(faults_); }

    void issuer_authorities(const std::string& key, const std::string& path) {
        const auto pem = read_limited(path, kMaxAuthorities);
        if (!pem) return; // readable() has said why
        const auto tls = net::ClientTls::create(*pem);
        if (!tls)
            add(key, path + ": " + tls.error().internal,
                "name a file with the authorities' certificates in PEM");
    }

    void trust_anchor(const std::string& key, const std::string& path) {
        if (path.empty() || ::access(path.c_str(), R_OK) != 0) return; // readable() has said why
        const auto read = net::DnsResolver::check({.servers = {"127.0.0.1"}, .trust_anchor = path});
        if (!read)
            add(key, read.error().internal,
                "name a file with DS or DNSKEY records: /usr/share/dns/root.key of dns-root-data");
    }

private:
    static bool is_secret(const std::string& key) {
        const bool is_tls_key = key.starts_with("tls.") && key.ends_with(".key");
        return is_tls_key || key == "oauth.client_secret_file";
    }

    // The key is looked at and wiped: only auth holds it.
    void key_fits(const std::string& key, const std::string& certificate_pem,
                  const std::string& path) {
        auto pem = read_limited(path);
        if (!pem) return; // readable() has said why
        const auto fits = net::check_key(certificate_pem, *pem);
        ::explicit_bzero(pem->data(), pem->size());
        if (!fits)
            add(key, path + ": " + fits.error().internal,
                "name the unencrypted PEM key that the certificate was made for");
    }

    void bears(const std::string& key, const net::CertificateSummary& certificate,
               const std::vector<std::string>& names) {
        for (const auto& name : names) {
            const bool is_covered = std::ranges::any_of(certificate.names, [&](const auto& each) {
                return net::covers_name(ascii::to_lower(each), name);
            });
            if (!is_covered)
                add(key, log::escaped(name) + " does not stand in the certificate",
                    "leave it out, or have the certificate issued for it");
        }
    }

    // It will be created, so what is above it must exist.
    void parent(const std::string& key, const std::string& path) {
        const auto above = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
        struct stat facts{};
        if (::stat(above.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode)) return;
        add(key, path + " is not there, nor the directory above it", "mkdir -p " + above);
    }

    void add(const std::string& key, const std::string& what, std::string remedy) {
        faults_.push_back({parsed_.position_of(key), key + ": " + what, std::move(remedy)});
    }

    const ParsedConfig& parsed_;
    std::set<uid_t> seen_;
    ConfigFaults faults_;
};

std::string certificate_line(const std::string& file, std::vector<std::string> names,
                             WallTime now) {
    const std::string line = "  TLS        ";
    const auto pem = read_limited(file);
    if (!pem) return line + pem.error().internal + "\n";
    const auto certificate = net::describe_certificate(*pem);
    if (!certificate) return line + certificate.error().internal + "\n";
    if (names.empty()) names = certificate->names;
    std::string list;
    for (const auto& name : names) list += (list.empty() ? "" : ", ") + log::escaped(name);
    const auto warning = net::expiry_warning(*certificate, now);
    return line + list + (warning.empty() ? "" : ": " + warning) + "\n";
}

std::string_view tls_name(TlsMode mode) {
    switch (mode) {
    case TlsMode::none: return "no TLS";
    case TlsMode::starttls: return "STARTTLS";
    case TlsMode::implicit: return "TLS";
    }
    return "";
}

// Behind those of the file: everybody on this host may connect.
void add_local_listener(Config& config) {
    if (!config.local.is_enabled) return;
    ListenerConfig listener;
    listener.service = Service::local;
    listener.path = config.paths.submit_socket();
    listener.mode = 0666;
    config.listeners.push_back(std::move(listener));
}

} // namespace

HostDefaults host_defaults() {
    char name[256] = "";
    ::gethostname(name, sizeof name - 1);
    const std::string_view text(name);
    return {.hostname = std::string(text.find('.') == text.npos ? "" : text),
            .cores = std::max(1u, std::thread::hardware_concurrency()),
            .memory = memory_of_host()};
}

ConfigFaults check_host(const ParsedConfig& parsed, WallTime now) {
    const auto& config = parsed.config;
    HostCheck check(parsed);
    if (::geteuid() == 0) {
        check.user("users.control", config.users.control);
        check.user("users.worker", config.users.worker);
        check.user("users.auth", config.users.auth);
        check.user("users.store", config.users.store);
        check.user("users.sender", config.users.sender);
        check.passable("paths.data", config.paths.data);
    }
    check.directory("paths.data", config.paths.data);
    check.directory("paths.run", config.paths.run);
    check.log_directory(config.log.path);
    check.certificate("tls", {config.tls.certificate, config.tls.key, {}}, now);
    for (std::size_t i = 0; i < config.tls.named.size(); ++i)
        check.certificate(name_of_certificate(i), config.tls.named[i], now);
    check.readable("tls.client_ca", config.tls.client_ca);
    check.authorities("tls.client_ca", config.tls.client_ca);
    check.readable("dns.trust_anchor", config.dns.trust_anchor);
    check.trust_anchor("dns.trust_anchor", config.dns.trust_anchor);
    if (!config.oauth.is_enabled()) return check.take();
    check.readable("oauth.client_secret_file", config.oauth.secret_file);
    if (!config.oauth.introspection.is_https) return check.take();
    check.readable("oauth.ca", config.oauth.ca);
    check.issuer_authorities("oauth.ca", config.oauth.ca);
    return check.take();
}

std::expected<Config, ConfigFaults> load_config(const std::string& file) {
    const auto text = read_limited(file);
    if (!text) {
        return std::unexpected(ConfigFaults{
            {{},
             "cannot be read: " + text.error().internal,
             "name the configuration with --config FILE; the shipped example explains each key"}});
    }
    auto parsed = parse_config(*text, file, host_defaults());
    if (parsed.faults.empty()) parsed.faults = check_host(parsed, SystemClock().now());
    if (!parsed.faults.empty()) return std::unexpected(std::move(parsed.faults));
    add_local_listener(parsed.config);
    return std::move(parsed.config);
}

std::string format_faults(const std::string& file, ConfigFaults faults) {
    std::ranges::sort(faults, {}, [](const ConfigFault& fault) {
        return std::tuple(fault.position.line, fault.position.column, std::string_view(fault.what));
    });
    std::string out;
    for (const auto& fault : faults) {
        out += file;
        if (fault.position.line != 0) {
            out += ":" + std::to_string(fault.position.line) + ":" +
                   std::to_string(fault.position.column);
        }
        out += ": " + fault.what + "\n    " + fault.remedy + "\n";
    }
    return out;
}

std::string certificate_summary(const Config& config, WallTime now) {
    std::string out;
    if (!config.tls.certificate.empty()) out += certificate_line(config.tls.certificate, {}, now);
    for (const auto& named : config.tls.named)
        out += certificate_line(named.certificate, named.names, now);
    return out;
}

std::string summary(const Config& config) {
    std::string out = config.file + ": good\n  host name  " + config.hostname + "\n  data       " +
                      config.paths.data + "\n  workers    " + std::to_string(config.workers) + "\n";
    if (const auto limit = config.memory.limit_bytes)
        out += "  memory     " + std::to_string(limit >> 20) + " MiB\n";
    if (has_too_little_memory(config)) out += "  memory     more than this host has to give\n";
    if (const auto reduced = reduced_by_memory(config); !reduced.empty())
        out += "  reduced    " + reduced + "\n";
    for (const auto& listener : config.listeners) {
        out += "  listens    " + std::string(name_of(listener.service)) + " on " +
               listener.endpoint() + ", " + std::string(tls_name(listener.tls)) + "\n";
    }
    return out;
}

} // namespace maild::daemon
