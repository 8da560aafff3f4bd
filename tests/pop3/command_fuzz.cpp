// The parser, whatever the octets: what it returns points into them and is in range.
#include "pop3/command.hpp"

#include "maild/base/ensure.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    const auto is_within = [&](std::string_view part) {
        return part.data() >= line.data() && part.data() + part.size() <= line.data() + size;
    };
    const auto command = pop3::parse_command(line);
    if (!command) {
        ensure(command.error().is_unknown != !command.error().expected.empty(),
               "unknown, or something was expected");
        return 0;
    }
    ensure(size >= command->row->name.size());
    if (const auto* text = std::get_if<pop3::Text>(&command->arguments))
        ensure(is_within(text->text) && !text->text.empty());
    if (const auto* auth = std::get_if<pop3::Auth>(&command->arguments)) {
        ensure(is_within(auth->mechanism) && !auth->mechanism.empty());
        if (auth->initial_response)
            ensure(is_within(*auth->initial_response) && !auth->initial_response->empty());
    }
    return 0;
}
