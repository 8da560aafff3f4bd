// ENABLE (RFC 5161), what enables an extension without it, and UNAUTHENTICATE (RFC 8437), which
// takes all of it back.
#include "imap/session.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::imap {

// RFC 5161 §3.1: what is unknown, or cannot be enabled, is left out of the answer.
Response Session::do_enable(const Enable& enable) {
    const auto asks_for = [&](std::string_view name) {
        return std::ranges::any_of(enable.capabilities, [name](std::string_view capability) {
            return ascii::equals_icase(capability, name);
        });
    };
    out_.text += "* ENABLED";
    if (asks_for("CONDSTORE")) {
        enable_condstore();
        out_.text += " CONDSTORE";
    }
    if (asks_for("QRESYNC")) { // RFC 7162 §3.2.3: CONDSTORE is a part of it
        enable_condstore();
        style_.vanished = true;
        out_.text += " QRESYNC";
    }
    if (asks_for("UTF8=ACCEPT")) { // RFC 9755 §3
        style_.is_utf8 = forbids_charset_ = true;
        out_.text += " UTF8=ACCEPT";
    }
    if (asks_for("UIDONLY")) { // RFC 9586 §3
        style_.uid_only = true;
        out_.text += " UIDONLY";
    }
    if (asks_for("IMAP4rev2")) { // RFC 9051 Appendix A
        style_.is_rev2 = style_.is_utf8 = true;
        out_.text += " IMAP4rev2";
    }
    if (asks_for("METADATA")) { // RFC 5464 §4.1
        hears_metadata_ = true;
        out_.text += " METADATA";
    }
    out_.text += "\r\n";
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

// RFC 8437 §3–4: as after the greeting, except for TLS and the count of failed logins. Nothing is
// expunged.
Response Session::do_unauthenticate() {
    style_ = {};
    forbids_charset_ = false;
    hears_metadata_ = false;
    watch_.reset();
    metadata_news_.clear();
    metadata_news_size_ = 0;
    close_view();
    visits_.reset();
    if (store_session_ && !is_lost_) store().close_session(*store_session_);
    store_session_.reset();
    identity_.reset();
    state_ = State::not_authenticated;
    // §3: the layer ends on both sides.
    if (is_compressed_) expects_ = Expects::plain;
    return ok("UNAUTHENTICATE completed");
}

} // namespace maild::imap
