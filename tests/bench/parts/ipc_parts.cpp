// What two processes say to each other for the two commonest questions: take this message, and
// give me these.
#include "bench/parts/part.hpp"
#include "store/wire.hpp"

#include "maild/imap/structure.hpp"

namespace maild::bench {
namespace {

store::wire::Deliver delivery() {
    store::wire::Deliver request;
    request.structure = imap::make_structure(plain_message(4096));
    request.local.resize(1);
    request.local[0].mailbox = "INBOX";
    request.local[0].address = "bob@example.org";
    request.local[0].trace_prefix =
        filled("Received: from mx.example.net by mail.example.org\r\n", 300);
    return request;
}

store::FetchResult answer(std::size_t messages) {
    store::FetchResult result;
    const auto structure = imap::make_structure(plain_message(4096));
    for (std::size_t i = 0; i < messages; ++i) {
        store::MessageData message;
        message.uid = Uid(static_cast<std::uint32_t>(i + 1));
        message.size = 4096;
        message.structure.envelope = structure.envelope;
        result.messages.push_back(std::move(message));
    }
    return result;
}

template <class T> void add(std::vector<Part>& parts, const std::string& name, const T& value) {
    const auto bytes = ipc::encode(value);
    parts.push_back({"ipc/encode_" + name, bytes.size(), [value] { keep(ipc::encode(value)); }});
    parts.push_back({"ipc/decode_" + name, bytes.size(), [bytes] { keep(ipc::decode<T>(bytes)); }});
}

} // namespace

std::vector<Part> ipc_parts() {
    std::vector<Part> parts;
    add(parts, "deliver", delivery());
    add(parts, "fetch_envelopes_100", answer(100));
    return parts;
}

} // namespace maild::bench
