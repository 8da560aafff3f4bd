#pragma once
// Canonicalization (RFC 6376 §3.4). Linear, and of the body nothing is kept but a count of line
// ends.

#include "maild/policy/dkim_body.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace maild::policy::dkim {

// One header field, `raw` with its name, folds and last line end (which may be missing): simple
// gives it as it is, relaxed as "name:value"; both end with CRLF.
std::string canonical_field(Canonicalization canonicalization, std::string_view raw);

// The body in pieces, written on in pieces.
class CanonicalBody {
public:
    using Sink = std::function<void(std::string_view)>;
    CanonicalBody(Canonicalization canonicalization, Sink sink);

    void take(std::string_view piece);
    void finish(); // nothing may follow

private:
    void take_simple(std::string_view piece);
    void take_relaxed(std::string_view piece);
    void end_line();
    void begin_text(); // what was held back, before something that is not empty
    void put(std::string_view text);
    void flush();

    const Canonicalization kind_;
    const Sink sink_;
    std::string buffer_;
    std::uint64_t line_ends_ = 0; // not yet written: at the end they are ignored
    bool has_space_ = false;      // relaxed: white space not yet written
    bool has_cr_ = false;         // the last octet was a CR
    bool has_text_ = false;       // something was written
};

} // namespace maild::policy::dkim
