// [dkim]: signing, and how keys follow each other.
#include "daemon/config_sections.hpp"

namespace maild::daemon {

void read_dkim(ConfigTable& table, DkimSettings& out) {
    using namespace std::chrono_literals;
    constexpr std::chrono::seconds kDay = 24h;
    table.choice<bool>("sign", out.signs, {{"on", true}, {"off", false}});
    table.span("signature_lifetime", out.signature_lifetime, 0s, 365 * kDay);
    // Mail waits for days in the queues of others (RFC 5321 §4.5.4.1).
    if (out.signature_lifetime > 0s && out.signature_lifetime < 5 * kDay)
        table.fault("signature_lifetime", "is less than mail may be under way",
                    "write \"0s\" for none, or at least \"5d\"");
    table.number<std::uint32_t>("signatures_per_second", out.signatures_per_second, 0, 100'000);
    table.span("retired_for", out.retired_for, 0s, 90 * kDay);
    table.choice<bool>("switching", out.switches, {{"automatic", true}, {"manual", false}});
    table.span("look_every", out.look_every, 1s, kDay);
}

} // namespace maild::daemon
