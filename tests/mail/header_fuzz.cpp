// Header sections: fields lie in order inside the section, and their places yield them.
#include "maild/base/ensure.hpp"
#include "maild/mail/header.hpp"

#include <cstdint>

using namespace maild;
using namespace maild::mail;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view content(reinterpret_cast<const char*>(data), size);
    const auto section = parse_header(content);
    ensure(section.fields_end <= section.body_begin && section.body_begin <= size, "section");
    ensure(section.fields.size() <= kMaxHeaderFields, "number of fields");
    std::size_t position = 0;
    for (const auto& field : section.fields) {
        ensure(position <= field.begin && field.begin < field.end &&
                   field.end <= section.fields_end,
               "order");
        position = field.end;
        ensure(!field.name.empty() && field.body.size() <= kMaxFieldBody, "field");
        ensure(field.name.data() >= content.data() + field.begin, "name");
        ensure(field.body.data() + field.body.size() <= content.data() + field.end, "body");
        ensure(unfold(field.body).find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
               "unfolded");
        ensure(parse_message_ids(field.body).size() <= kMaxMessageIds, "ids");
    }
    return 0;
}
