#pragma once
// What a session borrows, made for tests, fuzz targets and benchmarks.

#include "smtp/fake_backend.hpp"
#include "smtp/session.hpp"
#include "support/fake_clock.hpp"
#include "support/run_task.hpp"

#include <memory>
#include <string_view>

namespace maild::smtp::test {

inline net::Line line_of(std::string_view text) {
    net::Line line;
    line.text = text;
    line.has_nul = text.contains('\0');
    line.has_bare_cr_or_lf = text.find_first_of("\r\n") != std::string_view::npos;
    return line;
}

// Everything that a Server borrows, and a server of each kind.
struct Host {
    FakeBackend backend;
    maild::test::FakeClock clock;
    net::MemoryBudget budget{64 * 1024 * 1024, clock};
    maild::test::SeededRandom random{7};

    Server server(Service service) {
        static char context =
            0; // STARTTLS is offered when there is one; no session ever looks into it
        Server made{.hostname = "mx.example.org",
                    .limits = {},
                    .backend = backend,
                    .budget = budget,
                    .clock = clock,
                    .random = random};
        made.service = service;
        made.tls = {std::shared_ptr<void>(), reinterpret_cast<net::TlsContext*>(&context)};
        made.offers_auth = service == Service::submission;
        return made;
    }
};

inline Client client_of(Service service) {
    Client client;
    client.service = service;
    client.session_id = "0S";
    client.peer.address = "192.0.2.7";
    return client;
}

} // namespace maild::smtp::test
