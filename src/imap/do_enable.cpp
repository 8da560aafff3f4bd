// ENABLE (RFC 5161) and what enables an extension without it.
#include "imap/session.hpp"

#include "maild/base/ascii.hpp"

namespace maild::imap {

// RFC 5161 §3.1: what is unknown, or cannot be enabled, is left out of the answer.
Response Session::do_enable(const Enable& enable) {
    std::string enabled;
    for (const auto capability : enable.capabilities) {
        if (!ascii::equals_icase(capability, "CONDSTORE") || style_.has_modseq) continue;
        enable_condstore();
        enabled += " CONDSTORE";
    }
    out_.text += "* ENABLED" + enabled + "\r\n";
    return ok("ENABLE completed");
}

// RFC 7162 §3.1: from the first command that shows that the client knows of mod-sequences, its news
// bear them; if a mailbox is selected, it hears where it stands.
void Session::enable_condstore() {
    if (style_.has_modseq) return;
    style_.has_modseq = true;
    if (!view_) return;
    view_->set_style(style_);
    append_highest_modseq(out_.text, view_->told_modseq());
}

} // namespace maild::imap
