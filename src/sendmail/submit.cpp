#include "sendmail/submit.hpp"

#include "sendmail/message.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"

#include <algorithm>
#include <sysexits.h>
#include <unistd.h>

namespace maild::sendmail {
namespace {

constexpr std::size_t kMaxPath = 512; // octets of an address; the daemon's limits are lower

bool can_be_said(std::string_view address) {
    return address.size() <= kMaxPath && std::ranges::none_of(address, ascii::is_control) &&
           !address.contains('<') && !address.contains('>');
}

bool is_8bit(std::string_view text) { return std::ranges::any_of(text, ascii::is_8bit); }

// xtext, RFC 3461 §4
std::string xtext(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        if (c > ' ' && c < 0x7f && c != '+' && c != '=') {
            out += c;
        } else {
            out += '+';
            out += kDigits[octet >> 4];
            out += kDigits[octet & 15];
        }
    }
    return out;
}

class Attempt {
public:
    Attempt(const Submission& submission, DaemonLine line)
        : submission_(submission), line_(std::move(line)) {
        out_.user = line_.user();
        out_.domain = line_.domain();
    }

    Outcome run() {
        sender_ = out_.user + '@' + out_.domain;
        if (submission_.sender) sender_ = with_domain(*submission_.sender, out_.domain);
        content_ = complete(submission_.content, {.user = out_.user,
                                                  .domain = out_.domain,
                                                  .full_name = submission_.full_name,
                                                  .sender = sender_});
        if (begin() && name_recipients()) send_content();
        return std::move(out_);
    }

private:
    void end(Outcome::Kind kind, int exit, std::string why) {
        out_.kind = kind;
        out_.exit = exit;
        out_.why = std::move(why);
    }
    // Nothing came back: whether it was taken is not known, so it is tried again.
    bool broken(const Error& error) {
        end(Outcome::Kind::later, EX_TEMPFAIL, error.internal);
        return false;
    }
    // 450 is what the daemon says where an account may send no more today: that is no reason to
    // wait.
    bool refused(const Reply& reply) {
        const bool waits = reply.is_transient() && reply.code != 450;
        end(waits ? Outcome::Kind::later : Outcome::Kind::refused, exit_for(reply), reply.words());
        return false;
    }

    bool begin() {
        if (!can_be_said(sender_)) {
            end(Outcome::Kind::refused, EX_DATAERR, "the sender is no address");
            return false;
        }
        auto command = "MAIL FROM:<" + sender_ + "> SIZE=" + std::to_string(content_.size());
        if (is_8bit(content_)) command += " BODY=8BITMIME";
        if (is_8bit(sender_) || std::ranges::any_of(submission_.recipients, is_8bit))
            command += " SMTPUTF8";
        if (!submission_.return_content.empty()) command += " RET=" + submission_.return_content;
        if (!submission_.envelope_id.empty()) command += " ENVID=" + xtext(submission_.envelope_id);
        const auto reply = line_.ask(command);
        if (!reply) return broken(reply.error());
        return reply->is_good() || refused(*reply);
    }

    // True: somebody is to have it.
    bool name_recipients() {
        std::size_t accepted = 0;
        Reply last;
        for (const auto& recipient : submission_.recipients) {
            auto reply = name(recipient);
            if (!reply) return broken(reply.error());
            if (reply->is_good())
                ++accepted;
            else if (reply->is_transient())
                out_.waiting.push_back(recipient);
            else
                out_.refused.push_back({recipient, reply->words()});
            if (!reply->is_good() && !(last.code / 100 == 4)) last = std::move(*reply);
        }
        if (accepted > 0) return true;
        // As a whole it waits as long as somebody's part does.
        if (!out_.waiting.empty())
            end(Outcome::Kind::later, EX_TEMPFAIL, last.words());
        else
            end(Outcome::Kind::refused, exit_for(last), last.words());
        return false;
    }

    Result<Reply> name(const std::string& recipient) {
        const auto address = with_domain(recipient, out_.domain);
        if (!can_be_said(address)) return Reply{553, "5.1.3 That is no address"};
        auto command = "RCPT TO:<" + address + '>';
        if (!submission_.notify.empty()) command += " NOTIFY=" + submission_.notify;
        return line_.ask(command);
    }

    // By BDAT (RFC 3030 §2), which needs no dots to be stuffed.
    void send_content() {
        const auto command = "BDAT " + std::to_string(content_.size()) + " LAST\r\n";
        auto written = line_.write(command);
        if (written) written = line_.write(content_);
        // One that refuses a message while it comes has said why.
        const auto reply = line_.read_reply(kContentTime);
        if (!reply) {
            broken(reply.error());
            return;
        }
        if (!reply->is_good()) {
            refused(*reply);
            return;
        }
        const int exit = out_.refused.empty() ? EX_OK : EX_NOUSER;
        end(Outcome::Kind::accepted, exit, {});
        (void)line_.ask("QUIT");
    }

    const Submission& submission_;
    DaemonLine line_;
    std::string sender_;
    std::string content_;
    Outcome out_;
};

} // namespace

std::string own_hostname() {
    char name[256] = "";
    if (::gethostname(name, sizeof name - 1) != 0) return "localhost";
    const std::string_view text(name);
    const auto is_good = [](char c) { return ascii::is_alnum(c) || c == '-' || c == '.'; };
    const bool is_name = !text.empty() && std::ranges::all_of(text, is_good) &&
                         ascii::is_alnum(text.front()) && ascii::is_alnum(text.back()) &&
                         !text.contains("..");
    return is_name ? std::string(text) : "localhost";
}

int exit_for(const Reply& reply) {
    if (reply.is_transient()) return EX_TEMPFAIL;
    const std::string_view text = reply.text;
    if (text.starts_with("5.1.")) return EX_NOUSER;
    if (text.starts_with("5.3.4") || text.starts_with("5.6.")) return EX_DATAERR;
    if (text.starts_with("5.7.")) return EX_NOPERM;
    return EX_UNAVAILABLE;
}

Outcome submit(const Submission& submission, const std::string& socket) {
    auto line = DaemonLine::open(socket, own_hostname());
    if (line) return Attempt(submission, std::move(*line)).run();
    Outcome out;
    out.kind =
        line.error().code == Errc::unavailable ? Outcome::Kind::unreachable : Outcome::Kind::later;
    out.exit = EX_TEMPFAIL;
    out.why = line.error().internal;
    return out;
}

} // namespace maild::sendmail
