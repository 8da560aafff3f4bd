#pragma once
// The keys of TLS session tickets (RFC 5077 §4, RFC 8446 §4.6.1): whoever has them can take up a
// session again that another worker began. They come from `auth`, a new one for each hour, which is
// handed out ahead of it so that all workers begin with it at once, and each is good for two: to
// make tickets in its hour, and to read them in the next one too. So a ticket lives for an hour,
// and who steals the keys of a moment reads nothing of TLS 1.2 that is older than two.
//
// A session is taken up only in the service, under the name and with the certificate with which it
// began (they make OpenSSL's session id context). Where clients are asked for a certificate none
// is: a ticket has room for the certificate but not for its chain, so it is shown each time.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace maild::net {

class TlsContext;

inline constexpr std::chrono::hours kTicketHour{1};

struct TicketKey {
    static constexpr std::size_t kNameSize = 16;
    static constexpr std::size_t kSecretSize = 32;

    std::array<std::uint8_t, kNameSize> name{}; // stands in the ticket
    std::array<std::uint8_t, kSecretSize> cipher{};
    std::array<std::uint8_t, kSecretSize> mac{};
    WallTime begins{}; // at a full hour
    friend bool operator==(const TicketKey&, const TicketKey&) = default;
};

template <class Codec> void describe(Codec& codec, TicketKey& key) {
    for (auto& octet : key.name) codec(octet);
    for (auto& octet : key.cipher) codec(octet);
    for (auto& octet : key.mac) codec(octet);
    codec(key.begins);
}

// In `auth`: makes them.
class TicketKeyMaker {
public:
    explicit TicketKeyMaker(Random& random) : random_(random) {}
    // Of the hour before, this one, and the next, as far as it has been asked then; those of
    // earlier hours are gone.
    const std::vector<TicketKey>& keys_at(WallTime now);

private:
    Random& random_;
    std::vector<TicketKey> keys_;
};

// In a worker: uses them, for all of its services. Belongs to one thread. Without keys, or with old
// ones alone, no tickets are given and none is read.
class TicketKeys {
public:
    explicit TicketKeys(const Clock& clock) : clock_(clock) {}
    void replace(std::vector<TicketKey> keys) { keys_ = std::move(keys); }
    // Null: none is good now. Valid until replace().
    const TicketKey* current() const;
    const TicketKey* find(std::string_view name) const;

private:
    const Clock& clock_;
    std::vector<TicketKey> keys_;
};

// Before its first connection: gives tickets to clients of this service and reads them, with the
// keys that there are at each moment. Nothing changes where clients are asked for a certificate.
Result<void> use_tickets(TlsContext& context, std::string service,
                         std::shared_ptr<const TicketKeys> keys);

} // namespace maild::net
