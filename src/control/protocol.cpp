#include "maild/control/protocol.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <filesystem>

namespace maild::control {
namespace json = boost::json;
namespace {

// Nesting and size are bounded before anything is built: the frame's limit and this depth.
json::parse_options parse_options() {
    json::parse_options options;
    options.max_depth = 16;
    return options;
}

Result<json::object> parse_object(std::string_view text) {
    boost::system::error_code error;
    auto value = json::parse(text, error, {}, parse_options());
    if (error) return fail(Errc::protocol_error, "not JSON: " + error.message());
    if (!value.is_object()) return fail(Errc::protocol_error, "not a JSON object");
    const auto* schema = value.as_object().if_contains("schema");
    if (schema == nullptr || !schema->is_string() || schema->as_string() != kSchema) {
        return fail(Errc::protocol_error,
                    "mailctl and maild are of different versions: install both from one build");
    }
    return std::move(value.as_object());
}

std::string string_or_empty(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

} // namespace

Exit exit_for(Errc code) {
    switch (code) {
    case Errc::no_such_account: return kNoSuchAccount;
    case Errc::no_such_domain:
    case Errc::no_such_mailbox:
    case Errc::not_found: return kNoSuchDomain;
    case Errc::invalid_argument:
    case Errc::too_large:
    case Errc::cannot: return kBadData;
    case Errc::already_exists:
    case Errc::conflict:
    case Errc::has_children:
    case Errc::limit_exceeded:
    case Errc::over_quota: return kCannotCreate;
    case Errc::not_permitted:
    case Errc::authentication_failed:
    case Errc::disabled: return kNotPermitted;
    case Errc::busy:
    case Errc::unavailable:
    case Errc::timed_out:
    case Errc::closed:
    case Errc::no_space: return kTemporary;
    case Errc::io:
    case Errc::corrupt: return kIo;
    case Errc::protocol_error:
    case Errc::internal: return kSoftware;
    }
    return kSoftware;
}

std::string format_request(const Request& request) {
    return json::serialize(json::object{
        {"schema", kSchema}, {"command", request.command}, {"arguments", request.arguments}});
}

std::string format_reply(const Reply& reply) {
    json::object object{{"schema", kSchema}, {"exit", reply.exit}};
    if (!reply.error.empty()) object["error"] = reply.error;
    if (!reply.result.is_null()) object["result"] = reply.result;
    return json::serialize(object);
}

Result<Request> parse_request(std::string_view text) {
    auto object = parse_object(text);
    if (!object) return std::unexpected(object.error());
    Request request;
    request.command = string_or_empty(*object, "command");
    if (request.command.empty()) return fail(Errc::protocol_error, "no command");
    if (const auto* arguments = object->if_contains("arguments")) {
        if (!arguments->is_object()) return fail(Errc::protocol_error, "arguments are no object");
        request.arguments = arguments->as_object();
    }
    return request;
}

Result<Reply> parse_reply(std::string_view text) {
    auto object = parse_object(text);
    if (!object) return std::unexpected(object.error());
    const auto* exit = object->if_contains("exit");
    if (exit == nullptr || !exit->is_int64())
        return fail(Errc::protocol_error, "no exit code in the reply");
    Reply reply;
    reply.exit = static_cast<int>(exit->as_int64());
    reply.error = string_or_empty(*object, "error");
    if (auto* result = object->if_contains("result")) reply.result = std::move(*result);
    return reply;
}

std::string frame(std::string_view payload) {
    std::string out;
    out.reserve(kFrameHeader + payload.size());
    for (std::size_t i = 0; i < kFrameHeader; ++i)
        out += static_cast<char>(payload.size() >> (8 * i) & 0xff);
    out += payload;
    return out;
}

Result<std::size_t> frame_size(std::string_view header) {
    if (header.size() < kFrameHeader) return fail(Errc::protocol_error, "short frame header");
    std::size_t size = 0;
    for (std::size_t i = 0; i < kFrameHeader; ++i) {
        size |= static_cast<std::size_t>(static_cast<unsigned char>(header[i])) << (8 * i);
    }
    if (size > kMaxFrame)
        return fail(Errc::too_large, "frame of " + std::to_string(size) + " bytes");
    return size;
}

Reply success(json::value result) {
    return {.exit = kOk, .error = {}, .result = std::move(result)};
}
Reply failure(int exit, std::string error) {
    return {.exit = exit, .error = std::move(error), .result = {}};
}

Reply failure(const Error& error) {
    return failure(exit_for(error.code),
                   error.internal.empty() ? std::string(name_of(error.code)) : error.internal);
}

std::string default_socket_path(std::string_view program_path) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    const auto root = fs::path(program_path).parent_path().parent_path();
    if (fs::exists(root / "etc" / "maild.toml", ignored))
        return (root / "run" / "control.sock").string();
    return "/run/maild/control.sock";
}

} // namespace maild::control
