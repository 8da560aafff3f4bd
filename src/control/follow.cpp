// --follow: the daemon is asked again and again for what is new, until whoever looks has seen
// enough. Each reply comes as soon as there is something, or after some seconds.
#include "control/render.hpp"
#include "control/session.hpp"

#include <boost/json/serialize.hpp>

#include <cstdio>

namespace maild::control {
namespace json = boost::json;
namespace {

std::string text_of(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

// One document a line.
std::string documents(const json::object& part) {
    std::string out;
    for (const std::string_view key : {"rows", "lines"}) {
        const auto* items = part.if_contains(key);
        if (items == nullptr || !items->is_array()) continue;
        for (const auto& item : items->as_array()) {
            json::object document{{"schema", kSchema}};
            if (item.is_object())
                for (const auto& [name, value] : item.as_object()) document[name] = value;
            else
                document["line"] = item;
            out += json::serialize(document) + "\n";
        }
    }
    return out;
}

std::string shown(const Session& session, const Reply& reply, bool is_first) {
    const auto& globals = session.invocation.globals;
    if (globals.json) return documents(reply.result.as_object());
    if (globals.tsv) return render_tsv(*session.invocation.command, reply.result);
    return render_part(*session.invocation.command, reply.result, is_first);
}

} // namespace

Result<Reply> follow(Session& session) {
    auto client = Client::connect(session.socket_path);
    if (!client) return std::unexpected(client.error());
    Request request{std::string(session.invocation.command->name), session.invocation.arguments};
    for (bool is_first = true;; is_first = false) {
        auto reply = client->call(request);
        if (!reply || reply->exit != kOk || !reply->result.is_object()) return reply;
        const auto text = shown(session, *reply, is_first);
        const bool is_written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
                                std::fflush(stdout) == 0;
        const auto next = text_of(reply->result.as_object(), "next");
        if (next.empty() || !is_written) return success({});
        request.arguments[kStep] = next;
    }
}

} // namespace maild::control
