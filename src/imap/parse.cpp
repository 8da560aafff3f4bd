#include "imap/parse.hpp"

#include "imap/fragmenter.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <array>

namespace maild::imap {

namespace {

// command-name, or "UID" SP command-name
std::string_view take_name(Cursor& in) {
    const auto from = in.rest();
    auto length = in.take_while(ascii::is_alnum).size();
    if (ascii::equals_icase(from.substr(0, length), "UID") && in.take(' '))
        length += 1 + in.take_while(ascii::is_alnum).size();
    return from.substr(0, length);
}

} // namespace

Result<Command, CommandError> parse_command(std::string_view fragment, Quoting quoting) {
    Cursor in(fragment);
    const auto tag = parse_tag(in);
    if (!tag) return std::unexpected(CommandError{.expected = "tag"});
    // JustTag and `tag SP` alone have no name.
    if (!in.take(' '))
        return std::unexpected(in.at_end() ? CommandError{.tag = *tag, .expected = "command"}
                                           : CommandError{.expected = "tag"});
    const auto* row = find_command(take_name(in));
    if (row == nullptr)
        return std::unexpected(
            CommandError{.tag = *tag, .is_unknown = true, .expected = "command"});
    if (quoting == Quoting::ascii && has_8bit_text(fragment))
        return std::unexpected(CommandError{.tag = *tag, .expected = "US-ASCII"});
    auto arguments = row->parse(in);
    if (!arguments)
        return std::unexpected(CommandError{.tag = *tag, .expected = arguments.error().expected});
    if (!in.at_end())
        return std::unexpected(CommandError{.tag = *tag, .expected = "end of command"});
    return Command{*tag, row, std::move(*arguments)};
}

const CommandRow* peek_command(std::string_view bytes) {
    Cursor in(bytes);
    if (!parse_tag(in) || !in.take(' ')) return nullptr;
    return find_command(take_name(in));
}

bool is_http_request(std::string_view line) {
    constexpr auto kMethods =
        std::to_array<std::string_view>({"GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ",
                                         "OPTIONS ", "TRACE ", "PATCH ", "PRI "});
    for (const auto method : kMethods)
        if (line.starts_with(method)) return line.contains(" HTTP/");
    // A field of its header, where a command may have swallowed the first line. "Host:" is a tag
    // too, so whoever sends a command behind it means that.
    constexpr auto kFields =
        std::to_array<std::string_view>({"Host: ", "User-Agent: ", "Accept: ", "Content-Type: ",
                                         "Content-Length: ", "Origin: ", "Referer: "});
    return std::ranges::any_of(kFields,
                               [&](auto field) { return ascii::starts_with_icase(line, field); }) &&
           peek_command(line) == nullptr;
}

Parsed<Arguments> parse_nothing(Cursor&) { return NoArguments{}; }

} // namespace maild::imap
