#include "bench/parts/part.hpp"
#include "smtp/command.hpp"
#include "smtp/content_reader.hpp"

#include "maild/smtp/reply.hpp"
#include "maild/smtp/trace.hpp"

#include <memory>

namespace maild::bench {
namespace {

Part parse(std::string name, std::string_view line) {
    return {"smtp/parse_" + std::move(name), line.size(),
            [line] { keep(smtp::parse_command(line, mail::Utf8::refused)); }};
}

// The content of a message as a connection gives it, in pieces of 64 KiB, dots undone.
Part read_content(std::size_t size) {
    auto bytes = plain_message(size) + ".\r\n";
    const auto count = bytes.size();
    return {"smtp/content_64k", count, [bytes = std::move(bytes)] {
                net::MemoryBudget budget(1 << 30);
                smtp::ContentReader reader(1 << 29, budget);
                for (std::string_view rest = bytes; !reader.is_finished();)
                    rest.remove_prefix(reader.push(rest.substr(0, std::size_t{64} << 10)));
                keep(reader.content());
            }};
}

Part format_received() {
    const auto client = std::make_shared<smtp::Client>();
    client->session_id = "4bXq7";
    client->peer.address = "192.0.2.7";
    client->hello = "mx.example.net";
    client->is_extended = true;
    client->tls.emplace();
    client->tls->version = "TLSv1.3";
    client->tls->cipher = "TLS_AES_256_GCM_SHA384";
    const auto envelope = std::make_shared<smtp::Envelope>();
    envelope->id = "4bXq7-1";
    const auto format = [client, envelope] {
        constexpr WallTime kTime{std::chrono::seconds(1'700'000'000)};
        return smtp::format_received(*client, *envelope, "mail.example.org", kTime);
    };
    return {"smtp/format_received", format().size(), [format] { keep(format()); }};
}

} // namespace

std::vector<Part> smtp_parts() {
    std::vector<Part> parts;
    parts.push_back(parse("ehlo", "EHLO client.example"));
    parts.push_back(parse("mail", "MAIL FROM:<ada@example.org> SIZE=4096 BODY=8BITMIME"));
    parts.push_back(parse("rcpt", "RCPT TO:<bob@example.org> NOTIFY=SUCCESS,FAILURE"));
    const smtp::Reply reply{250, smtp::Status{1, 5}, "recipient ok"};
    parts.push_back({"smtp/format_reply", smtp::format_reply(reply).size(), [reply] {
                         std::string out;
                         smtp::append_reply(out, reply);
                         keep(out);
                     }});
    parts.push_back(format_received());
    parts.push_back(read_content(std::size_t{64} << 10));
    return parts;
}

} // namespace maild::bench
