// Whatever a program writes becomes lines that SMTP can carry, and reading its header section ends.
#include "sendmail/message.hpp"

#include "maild/base/ensure.hpp"

#include <cstdint>

using namespace maild;
using namespace maild::sendmail;

namespace {

void check_lines(std::string_view content) {
    ensure(content.ends_with("\r\n"), "the last line ends");
    for (std::size_t i = 0; i < content.size(); ++i) {
        ensure(content[i] != '\0', "NUL");
        if (content[i] == '\r') ensure(content[i + 1] == '\n', "bare CR");
        if (content[i] == '\n') ensure(i > 0 && content[i - 1] == '\r', "bare LF");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view raw(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto content = make_lines(raw, (data[0] & 1) != 0);
    check_lines(content);
    ensure(make_lines(content, false).ends_with("\r\n"), "again");
    if (const auto recipients = recipients_in(content))
        for (const auto& recipient : *recipients) {
            ensure(!recipient.empty(), "nobody");
            ensure(recipient.find_first_of("\r\n") == recipient.npos, "an address of two lines");
        }
    const auto whole =
        complete(content, {.user = "ada", .domain = "x.test", .full_name = "A. L.", .sender = ""});
    check_lines(whole);
    ensure(complete(whole, {.user = "ada", .domain = "x.test", .full_name = "", .sender = ""})
                   .size() == whole.size(),
           "completed once");
    (void)recipients_of(raw);
    return 0;
}
