// Chains of certificates as a worker may hand them to `auth`: two octets of length, then DER. None
// is believed by an authority whose key nobody has, whatever is in it.
#include "maild/base/ensure.hpp"
#include "maild/net/client_trust.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace maild;

static const net::ClientTrust& trust() {
    constexpr std::string_view kAuthority =
        "-----BEGIN CERTIFICATE-----\n"
        "MIIBejCCASGgAwIBAgIUdlwD6WYDlp6jNsa5zCVEAzBTzIowCgYIKoZIzj0EAwIw\n"
        "EjEQMA4GA1UEAwwHQ2xpZW50czAgFw0yNjExMjgyMzQ0NTZaGA8yMTI2MTEwNDIz\n"
        "NDQ1NlowEjEQMA4GA1UEAwwHQ2xpZW50czBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
        "A0IABP9hXRqTWUBmowceHpAmTTltpY8zDQmyD4FjReyaewSC6ZS/7Igjd2b/pu4O\n"
        "gPyKV+wE6PVWudaTQv691/0Wzi6jUzBRMB0GA1UdDgQWBBTTkYyuOxsjypeyBP3p\n"
        "ypxtA5d1ZjAfBgNVHSMEGDAWgBTTkYyuOxsjypeyBP3pypxtA5d1ZjAPBgNVHRMB\n"
        "Af8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIFRiSnIbqMchiKTGbgr63pFH5zlR\n"
        "GDQpgGxnJg8CcpumAiAVRa5SAjA0UjupsVI8GLHG38VI3x39bAM1Q7cUQchVqg==\n"
        "-----END CERTIFICATE-----\n";
    static const auto made = net::ClientTrust::create(std::string(kAuthority)).value();
    return *made;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    std::vector<std::string> chain;
    while (rest.size() > 2 && chain.size() < 2 * net::kMaxClientChain) {
        const auto length = static_cast<std::size_t>(static_cast<unsigned char>(rest[0]) << 8 |
                                                     static_cast<unsigned char>(rest[1]));
        rest.remove_prefix(2);
        chain.emplace_back(rest.substr(0, length));
        rest.remove_prefix(std::min(length, rest.size()));
    }
    const auto names = trust().verify(chain, from_unix_seconds(1'800'000'000));
    if (names) ensure(names->size() <= net::kMaxClientNames, "names");
    (void)net::ClientTrust::create(std::string(reinterpret_cast<const char*>(data), size));
    return 0;
}
