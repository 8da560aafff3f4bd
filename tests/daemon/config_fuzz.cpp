// A configuration file of any bytes: parsing is total, each fault has words and a remedy, and what
// has none is within the limits that the daemon counts on.
#include "daemon/config_file.hpp"

#include "maild/base/ensure.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace maild;
using namespace maild::daemon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const HostDefaults host{.hostname = "mail.example.org", .cores = 2};
    const auto parsed = parse_config(text, "maild.toml", host);
    for (const auto& fault : parsed.faults)
        ensure(!fault.what.empty() && !fault.remedy.empty(), "a fault says what to do");
    if (!parsed.faults.empty()) {
        ensure(!format_faults("maild.toml", parsed.faults).empty(), "faults are printed");
        return 0;
    }
    const auto& config = parsed.config;
    ensure(config.listeners.size() <= kMaxListeners, "listeners");
    ensure(config.trusted.size() <= kMaxNetworks, "networks");
    ensure(config.tls.named.size() <= kMaxNamedCertificates, "certificates");
    ensure(config.proxies.size() <= kMaxNetworks, "proxies");
    ensure(config.workers > 0 && config.store.shards > 0, "a pool and a store");
    ensure(!config.hostname.empty() && !summary(config).empty(), "a host");
    return 0;
}
