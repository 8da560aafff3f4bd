// The fragmenter and the parser: whatever the octets and wherever they are cut.
#include "imap/fragmenter.hpp"
#include "imap/parse.hpp"

#include "maild/base/ensure.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{5}, size + 1}) {
        imap::Fragmenter fragmenter;
        if (size % 2 == 0) fragmenter.set_authenticated(64 * 1024);
        for (std::size_t begin = 0; begin < size; begin += piece) {
            fragmenter.append(input.substr(begin, piece));
            for (auto event = fragmenter.next(); event != imap::Event::need_more;
                 event = fragmenter.next()) {
                if (event == imap::Event::overflow) break;
                if (event != imap::Event::fragment) continue;
                const auto command = imap::parse_command(fragmenter.text());
                const auto in_utf8 = imap::parse_command(fragmenter.text(), imap::Quoting::utf8);
                ensure(!command || in_utf8, "US-ASCII is UTF-8");
                if (command)
                    ensure(imap::peek_command(fragmenter.text()) == command->row,
                           "both see one command");
            }
        }
    }
    return 0;
}
