// `mailctl message sign`: a DKIM signature with a key in a file.
#include "control/input.hpp"
#include "control/verify.hpp"

#include "maild/policy/dkim_sign.hpp"

#include <boost/json/object.hpp>

namespace maild::control {
namespace json = boost::json;
namespace dkim = policy::dkim;
namespace {

// As in c= (RFC 6376 §3.5): of the header fields, and behind a slash of the body.
bool read_canonicalization(std::string_view text, dkim::SigningOptions& options) {
    using enum dkim::Canonicalization;
    if (text.empty()) return true;
    for (const auto header : {simple, relaxed})
        for (const auto body : {simple, relaxed}) {
            const auto name = [](auto kind) { return kind == simple ? "simple" : "relaxed"; };
            if (text != std::string(name(header)) + "/" + name(body)) continue;
            options.header_canonicalization = header;
            options.body_canonicalization = body;
            return true;
        }
    return false;
}

} // namespace

Reply run_sign(Session& session) {
    dkim::SigningOptions options;
    options.domain = session.text_argument("domain");
    options.selector = session.text_argument("selector");
    options.identity = session.text_argument("identity");
    const auto now = verify_time(session);
    if (!now) return failure(kUsage, now.error().internal);
    options.time = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(now->time_since_epoch()).count());
    if (!read_canonicalization(session.text_argument("canonicalization"), options))
        return failure(kUsage, "--canonicalization is simple or relaxed, twice: relaxed/simple.");
    const auto key_file = session.text_argument("key");
    if (options.domain.empty() || options.selector.empty() || key_file.empty())
        return failure(kUsage, "--domain, --selector and --key are wanted.");
    const auto pem = read_file(key_file);
    if (!pem) return failure(pem.error());
    const auto signer = dkim::signer_from_pem(*pem);
    if (!signer) return failure(kBadData, key_file + ": " + signer.error().internal + ".");
    const auto message = read_message(session.text_argument("file"));
    if (!message) return failure(message.error());
    auto field = dkim::sign(*message, *signer, options);
    if (!field) return failure(kBadData, field.error().internal + ".");
    if (session.invocation.globals.json) return success(json::object{{"field", *field}});
    return success(json::object{{"field", *field}, {"text", *field + *message}});
}

} // namespace maild::control
