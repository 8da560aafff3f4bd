#pragma once
// Scripts of imaptest (conformance/imaptest-scripts/scripted_test.md): reading them and their
// mboxes.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace maild::imap::test {

struct ScriptCommand {
    int line = 0;
    std::size_t connection = 1;
    std::string tag; // empty: any
    std::string text;
    std::string want;                 // "ok", "no", "bad" or empty
    std::string prefix;               // of the tagged response's text
    std::vector<std::string> replies; // with "* " or "! " before them
};

struct Script {
    std::map<std::string, std::string, std::less<>> header; // in lower case
    // A group is sent before any answer is read.
    std::vector<std::vector<ScriptCommand>> groups;
};

struct MboxMessage {
    std::string date; // date-time for APPEND
    std::string text; // with CRLF
};

Script read_script(const std::string& path);
std::vector<MboxMessage> read_mbox(const std::string& path);

} // namespace maild::imap::test
