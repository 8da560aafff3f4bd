// A whole session in each state over a MemoryStore. The first octet chooses the state, and whether
// another session does things meanwhile, the second how octets are cut.
#include "imap/support/peer.hpp"

#include "maild/base/log.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (size < 2) return 0;
    log::to_nowhere();
    imap::test::Host host;
    if ((data[0] & 0x20U) != 0) host.server->limits.states_at_select = 1;
    imap::test::Client client(host);
    if (data[0] % 3 > 0) {
        client.log_in();
        client.send(imap::test::append_command(
            "f1", "INBOX", "From: a@b\r\nSubject: s\r\n\r\nbody\r\n", "(\\Deleted) "));
        client.send(imap::test::append_command(
            "f2", "INBOX",
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n1\r\n--b--\r\n"));
    }
    if (data[0] % 3 == 2) client.say("f3 SELECT INBOX");
    imap::test::Client other(host);
    const bool is_alone = (data[0] & 0x40U) == 0;
    if (!is_alone) other.log_in();
    const std::size_t piece = data[1] == 0 ? size : data[1];
    for (std::size_t begin = 2; begin < size && client.is_open(); begin += piece) {
        client.send(input.substr(begin, piece));
        if (is_alone) continue;
        other.send(imap::test::append_command("o1", "INBOX", "Subject: news\r\n\r\n"));
        other.say("o2 CREATE a/b/" + std::to_string(begin));
        other.say("o3 SELECT INBOX");
        other.say("o4 STORE * +FLAGS (\\Deleted k)");
        if (begin % 2 == 0) other.say("o5 EXPUNGE");
        client.take();
    }
    return 0;
}
