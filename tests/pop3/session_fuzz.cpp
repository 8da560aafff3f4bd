// A whole session over a MemoryStore. The first octet chooses the state; lines end at LF. Every
// reply is whole lines that begin with a status, and what DELE did not mark is still there.
#include "pop3/support/peer.hpp"

#include "maild/base/ensure.hpp"
#include "maild/base/log.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace maild;

namespace {

void check(std::string_view reply) {
    ensure(reply.ends_with("\r\n"), "whole lines");
    ensure(reply.starts_with("+OK ") || reply.starts_with("-ERR ") || reply.starts_with("+ "),
           "a status");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    if (input.empty()) return 0;
    log::to_nowhere();
    pop3::test::Host host;
    if (input[0] % 2 == 0) host.pretend_tls();
    host.append({"a: b\r\n\r\n.\r\n", "Subject: \xc3\xa4\r\n\r\nx", "c: d\r\n"});
    pop3::test::Client client(host);
    if (input[0] % 3 > 0) client.log_in();
    input.remove_prefix(1);
    while (!input.empty() && client.is_open()) {
        const auto end = input.find('\n');
        const auto line = input.substr(0, end);
        input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
        check(client.say(line, !input.empty()));
        if (client.session().expects() == pop3::Expects::tls) client.session().on_tls({});
    }
    const auto removed = client.session().removed();
    ensure(host.other().opened.messages.size() + removed == 3, "only what was asked for is gone");
    return 0;
}
