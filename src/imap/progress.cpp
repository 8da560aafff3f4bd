#include "imap/progress.hpp"

#include "imap/respond.hpp"

namespace maild::imap {

net::Task<bool> Progress::tell(std::uint64_t done, std::uint64_t goal) {
    next_ = clock_.steady_now() + kInterval;
    append_quoted(out_.text += "* OK [INPROGRESS (", tag_);
    if (has_numbers_ && done < goal) {
        append_number(out_.text += ' ', done);
        append_number(out_.text += ' ', goal);
    } else {
        out_.text += " NIL NIL";
    }
    out_.text += ")] Still at it\r\n";
    const bool alive = co_await out_.flush();
    co_return alive;
}

} // namespace maild::imap
