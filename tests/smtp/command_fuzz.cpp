// Any line: parses or not, never reads beside it, and an address that comes out goes in again.
#include "smtp/command.hpp"

#include "maild/base/ensure.hpp"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace maild;
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    for (const auto utf8 : {mail::Utf8::refused, mail::Utf8::allowed}) {
        const auto command = smtp::parse_command(line, utf8);
        if (!command) {
            ensure(command.error().offset <= size, "offset beyond the line");
            continue;
        }
        (void)smtp::rules_of(*command);
        const auto* rcpt = std::get_if<smtp::Rcpt>(&*command);
        if (rcpt == nullptr || rcpt->forward_path.domain.empty()) continue;
        const auto again = smtp::parse_command("RCPT TO:<" + rcpt->forward_path.format() + ">",
                                               mail::Utf8::allowed);
        ensure(again && std::get<smtp::Rcpt>(*again).forward_path == rcpt->forward_path,
               "address round trip");
    }
    return 0;
}
