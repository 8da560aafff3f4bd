#pragma once
// Content as SMTP carries it: lines that end with CRLF, none longer than 998 octets, and dots
// doubled for DATA (RFC 5321 §4.5.2). A CR or LF alone becomes a CRLF, so that no two readers can
// differ about where the content ends. A line that is too long is folded by CRLF and a space, as
// Postfix does it: RFC 5322 §2.1.1 forbids it, and servers may refuse it or cut it off.

#include <cstddef>
#include <string>
#include <string_view>

namespace maild::relay {

inline constexpr std::size_t kMaxContentLine = 998;

class ContentEncoder {
public:
    explicit ContentEncoder(bool doubles_dots) : doubles_dots_(doubles_dots) {}

    void put(std::string_view piece, std::string& out); // appends
    void finish(std::string& out);                      // ends the last line

private:
    void end_line(std::string& out);
    void put_run(std::string_view run, std::string& out); // without CR and LF

    bool doubles_dots_;
    bool has_cr_ = false;    // seen, and not known yet whether LF follows
    std::size_t column_ = 0; // octets in this line, without a dot that we have put
};

} // namespace maild::relay
