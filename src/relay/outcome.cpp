#include "maild/relay/outcome.hpp"

#include <utility>

namespace maild::relay {

std::string_view name_of(Stage stage) {
    switch (stage) {
    case Stage::route: return "routing";
    case Stage::connect: return "connecting";
    case Stage::greeting: return "greeting";
    case Stage::hello: return "EHLO";
    case Stage::starttls: return "STARTTLS";
    case Stage::login: return "AUTH";
    case Stage::mail: return "MAIL FROM";
    case Stage::rcpt: return "RCPT TO";
    case Stage::data: return "DATA";
    case Stage::content: return "end of data";
    }
    return "?";
}

Outcome outcome_of(const Reply& reply, Stage stage, Scope scope, std::string host) {
    Outcome out{.stage = stage, .scope = scope, .code = reply.code};
    out.words = reply.words();
    out.host = std::move(host);
    if (reply.kind() == 3) { // an intermediate reply where none may be, RFC 5321 §4.2.1
        out.status = "4.5.0";
        return out;
    }
    out.status = reply.status_or_class().format();
    if (reply.is_positive()) out.fate = Fate::delivered;
    if (reply.is_permanent()) out.fate = Fate::failed;
    return out;
}

Outcome verdict(std::string_view status, std::string words, Stage stage, Scope scope) {
    Outcome out{.stage = stage, .scope = scope};
    out.fate = status.starts_with('5') ? Fate::failed : Fate::deferred;
    out.status = status;
    out.words = std::move(words);
    return out;
}

Outcome outcome_of(const Error& error, Stage stage, std::string host) {
    const bool is_junk = error.code == Errc::protocol_error || error.code == Errc::too_large;
    std::string words = error.internal;
    if (error.code == Errc::closed) words = "the connection was lost";
    if (error.code == Errc::timed_out) words = "there was no reply in time";
    auto out =
        verdict(is_junk ? "4.5.0" : "4.4.2",
                cleaned(words) + " (" + std::string(name_of(stage)) + ")", stage, Scope::host);
    out.host = std::move(host);
    return out;
}

} // namespace maild::relay
