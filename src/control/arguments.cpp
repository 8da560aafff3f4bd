#include "control/input.hpp"
#include "control/session.hpp"

#include <cstdio>
#include <unistd.h>

namespace maild::control {
namespace json = boost::json;
namespace {

using ParseQuantity = std::optional<std::int64_t> (*)(std::string_view text);

// The text of an argument by the number that it means.
Result<void> replace_quantity(json::object& arguments, std::string_view key, ParseQuantity parse,
                              std::string_view wanted) {
    auto* value = arguments.if_contains(key);
    if (value == nullptr) return {};
    const auto number = parse(value->as_string());
    if (!number)
        return fail(Errc::invalid_argument,
                    "'" + std::string(value->as_string()) + "' is no " + std::string(wanted));
    *value = *number;
    return {};
}

// Where a password comes from: standard input, made up here, or asked for on the terminal. Never an
// argument.
Result<void> add_password(json::object& arguments, std::string& generated) {
    const bool from_stdin = arguments.erase("password-stdin") > 0;
    const bool generate = arguments.erase("generate") > 0;
    if (from_stdin && generate)
        return fail(Errc::invalid_argument, "either --password-stdin or --generate.");
    if (generate) {
        generated = generate_password();
        arguments["password"] = generated;
        return {};
    }
    if (from_stdin) {
        auto line = read_password_line(STDIN_FILENO);
        if (!line) return std::unexpected(line.error());
        arguments["password"] = std::move(*line);
        return {};
    }
    auto asked = ask_password(arguments["address"].as_string());
    if (!asked) return std::unexpected(asked.error());
    if (*asked) arguments["password"] = std::move(**asked);
    return {};
}

Result<void> add_rows(json::object& arguments) {
    const std::string path(arguments["file"].as_string());
    auto text = read_file(path);
    if (!text) return std::unexpected(text.error());
    auto rows = parse_accounts_csv(*text);
    if (!rows)
        return fail(Errc::invalid_argument,
                    path + ", " + rows.error().internal + ". No account was added.");
    arguments.erase("file");
    if (::isatty(STDERR_FILENO) != 0) {
        std::fprintf(
            stderr,
            "importing %zu accounts; passwords that are not hashed yet take about 20 ms each …\n",
            rows->size());
    }
    arguments["rows"] = std::move(*rows);
    return {};
}

// The key itself: the daemon may not read what the admin may.
Result<void> add_key(json::object& arguments) {
    const auto* file = arguments.if_contains("key");
    if (file == nullptr) return {};
    auto pem = read_file(std::string(file->as_string()));
    if (!pem) return std::unexpected(pem.error());
    arguments.erase("key");
    arguments["pem"] = std::move(*pem);
    return {};
}

} // namespace

Result<void> complete_arguments(Session& session, std::string& generated) {
    auto& arguments = session.invocation.arguments;
    const auto name = session.invocation.command->name;
    for (const std::string_view key : {"quota", "default-quota", "size"}) {
        auto replaced = replace_quantity(arguments, key, parse_size,
                                         "size: bytes, or with K, M, G or T, like 2G.");
        if (!replaced) return replaced;
    }
    for (const std::string_view key : {"for", "expires", "since", "older", "hold-for"}) {
        if (const auto* value = arguments.if_contains(key); value != nullptr && *value == "off")
            continue;
        auto replaced = replace_quantity(arguments, key, parse_span,
                                         "span of time: seconds, or with m, h or d, like 2h; at "
                                         "most ten years.");
        if (!replaced) return replaced;
    }
    if (name == "account add" || name == "account passwd")
        return add_password(arguments, generated);
    if (name == "account import") return add_rows(arguments);
    if (name == "domain dkim import") return add_key(arguments);
    return {};
}

} // namespace maild::control
