// Commands that take long (Runs::in_steps): asked until the reply names no next step, with a line
// of progress on a terminal, and one answer made of all.
#include "control/render.hpp"
#include "control/session.hpp"

#include <boost/json/serialize.hpp>

#include <cstdio>
#include <unistd.h>

namespace maild::control {
namespace json = boost::json;
namespace {

// One line that is written over, and nothing where nobody looks.
class Progress {
public:
    explicit Progress(const Session& session)
        : is_shown_(::isatty(STDERR_FILENO) != 0 && !session.invocation.globals.quiet) {}
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() { show(""); }

    void show(std::string_view text) const {
        if (is_shown_)
            std::fprintf(stderr, "\r\033[K%.*s", static_cast<int>(text.size()), text.data());
    }

private:
    bool is_shown_;
};

std::string text_of(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

void append_rows(json::array& rows, const json::object& part) {
    const auto* more = part.if_contains("rows");
    if (more == nullptr || !more->is_array()) return;
    rows.insert(rows.end(), more->as_array().begin(), more->as_array().end());
}

void add_counts(json::object& sums, const json::object& part) {
    const auto* counts = part.if_contains("counts");
    if (counts == nullptr || !counts->is_object()) return;
    for (const auto& [key, value] : counts->as_object()) {
        if (!value.is_int64()) continue;
        auto& sum = sums[key];
        sum = (sum.is_int64() ? sum.as_int64() : 0) + value.as_int64();
    }
}

bool is_repaired(const json::value& row) {
    const auto* repaired = row.is_object() ? row.as_object().if_contains("repaired") : nullptr;
    return repaired != nullptr && repaired->is_bool() && repaired->as_bool();
}

// "ada@example.org, INBOX, UID 7: the message …: repaired"
std::string sentence(const json::object& row) {
    std::string where = text_of(row, "account");
    if (const auto mailbox = text_of(row, "mailbox"); !mailbox.empty()) where += ", " + mailbox;
    if (const auto* uid = row.if_contains("uid");
        uid != nullptr && uid->is_int64() && uid->as_int64() != 0)
        where += ", UID " + std::to_string(uid->as_int64());
    if (const auto* shard = row.if_contains("shard"); where.empty() && shard != nullptr)
        where = "shard " + json::serialize(*shard);
    return printable(where + ": " + text_of(row, "what")) + (is_repaired(row) ? ": repaired" : "") +
           "\n";
}

std::string number_of(std::int64_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string report(const json::array& rows, const json::object& counts, bool repairs) {
    std::string text;
    std::int64_t repaired = 0;
    for (const auto& row : rows) {
        if (row.is_object()) text += sentence(row.as_object());
        repaired += is_repaired(row) ? 1 : 0;
    }
    std::string checked;
    for (const auto& [key, value] : counts) {
        if (key == "body_bytes" || !value.is_int64() || value.as_int64() == 0) continue;
        checked += (checked.empty() ? "" : ", ") + std::to_string(value.as_int64()) + " " +
                   std::string(key);
    }
    checked = "checked " + (checked.empty() ? "nothing: there is nothing yet" : checked) + "\n";
    const auto found = static_cast<std::int64_t>(rows.size());
    if (found == 0) return "no problems; " + checked;
    text += number_of(found, "problem");
    if (repairs)
        text +=
            repaired == found ? ", all repaired" : ", " + std::to_string(repaired) + " repaired";
    else
        text += "; what can be mended without loss, mailctl fsck run --repair mends";
    return text + "; " + checked;
}

} // namespace

Result<Reply> ask_in_steps(Session& session) {
    auto client = Client::connect(session.socket_path);
    if (!client) return std::unexpected(client.error());
    const Progress progress(session);
    Request request{std::string(session.invocation.command->name), session.invocation.arguments};
    json::array rows;
    json::object counts;
    for (;;) {
        auto reply = client->call(request);
        if (!reply || reply->exit != kOk || !reply->result.is_object()) return reply;
        const auto& part = reply->result.as_object();
        append_rows(rows, part);
        add_counts(counts, part);
        progress.show(text_of(part, "progress"));
        const auto next = text_of(part, "next");
        if (next.empty()) break;
        request.arguments[kStep] = next;
    }
    const auto found = static_cast<std::int64_t>(rows.size());
    auto text = report(rows, counts, session.invocation.arguments.contains("repair"));
    auto reply = success(json::object{{"problems", found},
                                      {"rows", std::move(rows)},
                                      {"counts", std::move(counts)},
                                      {"text", std::move(text)}});
    reply.exit = found == 0 ? kOk : kFound;
    return reply;
}

} // namespace maild::control
