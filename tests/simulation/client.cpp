#include "simulation/client.hpp"

#include <algorithm>
#include <sys/socket.h>

namespace maild::simulation {

bool Client::step() {
    if (!socket_) {
        socket_ = connect();
        return true;
    }
    const bool is_sent =
        below(2) == 0 ? send_piece() || read_piece() : read_piece() || send_piece();
    if (socket_ && to_send_.empty()) think();
    return is_sent || !to_send_.empty();
}

void Client::cut() {
    socket_.reset();
    to_send_.clear();
    received_.clear();
    on_cut();
}

bool Client::send_piece() {
    if (to_send_.empty()) return false;
    const auto limit = is_slow_ ? 1 + below(below(4) == 0 ? 40 : 4'000) : to_send_.size();
    const auto size = std::min<std::size_t>(to_send_.size(), limit);
    const auto sent = ::send(socket_.get(), to_send_.data(), size, MSG_NOSIGNAL);
    if (sent > 0) to_send_.erase(0, std::size_t(sent));
    if (sent < 0 && errno != EAGAIN) cut();
    return true;
}

bool Client::read_piece() {
    const auto limit = is_slow_ ? 1 + below(below(4) == 0 ? 40 : 4'000) : 65'536;
    std::string piece(limit, '\0');
    const auto count = ::recv(socket_.get(), piece.data(), piece.size(), 0);
    if (count < 0 && errno == EAGAIN) return false;
    if (count <= 0) {
        cut();
        return true;
    }
    piece.resize(std::size_t(count));
    for (const char octet : piece)
        digest_ = (digest_ ^ static_cast<unsigned char>(octet)) * 1'099'511'628'211U;
    received_ += piece;
    for (auto end = received_.find("\r\n"); socket_ && end != received_.npos;
         end = received_.find("\r\n")) {
        auto line = received_.substr(0, end);
        received_.erase(0, end + 2);
        on_line(std::move(line));
    }
    return true;
}

UniqueFd Sender::connect() {
    awaited_ = 1; // the greeting
    return host_.connect_smtp(below(2));
}

void Sender::on_cut() {
    commands_.clear();
    awaited_ = 0;
    is_content_sent_ = false;
}

void Sender::think() {
    if (awaited_ > 0 || !commands_.empty() || is_done()) return;
    if (token_.empty()) choose_mail();
    commands_ = {"EHLO client.example\r\n", "MAIL FROM:<eve@remote.example>\r\n"};
    for (const auto& recipient : recipients_)
        commands_.push_back("RCPT TO:<" + recipient + ">\r\n");
    commands_.emplace_back("DATA\r\n");
    is_pipelining_ = below(2) == 0;
    next_command();
}

void Sender::choose_mail() {
    token_ = ledger_.make(below(3) == 0 ? below(30'000) : below(600));
    --left_;
    auto& mail = ledger_.mails[token_];
    recipients_.clear();
    const auto add = [&](std::size_t user) {
        recipients_.emplace_back(kUsers[user]);
        mail.accounts.insert(host_.account(user));
    };
    if (below(4) == 0) {
        recipients_.emplace_back("all@example.org");
        for (std::size_t user = 0; user < kUsers.size(); ++user)
            mail.accounts.insert(host_.account(user));
    } else
        add(below(kUsers.size()));
    mail.is_relayed = below(4) == 0;
    if (mail.is_relayed) recipients_.emplace_back("out@example.org");
}

// One command, or with PIPELINING (RFC 2920) all that may go together.
void Sender::next_command() {
    do {
        const bool may_follow = is_pipelining_ && !commands_.front().starts_with("EHLO") &&
                                !commands_.front().starts_with("DATA");
        say(commands_.front());
        commands_.erase(commands_.begin());
        ++awaited_;
        if (!may_follow) break;
    } while (!commands_.empty());
}

void Sender::on_line(std::string line) {
    if (line.size() < 4 || line[3] == '-') return;
    --awaited_;
    if (line[0] == '4' || line[0] == '5') return cut();
    if (is_content_sent_) return on_accepted();
    if (line.starts_with("354")) {
        auto& mail = ledger_.mails[token_];
        ++mail.copies;
        is_content_sent_ = true;
        ++awaited_;
        std::string stuffed = mail.content; // every line of its own that begins with a dot has two
        for (auto at = stuffed.find("\r\n."); at != stuffed.npos;
             at = stuffed.find("\r\n.", at + 3))
            stuffed.insert(at + 2, ".");
        say(stuffed + ".\r\n");
        return;
    }
    if (awaited_ == 0 && !commands_.empty()) next_command();
}

void Sender::on_accepted() {
    auto& mail = ledger_.mails[token_];
    mail.promised = mail.accounts;
    mail.is_relay_promised = mail.is_relayed;
    token_.clear();
    is_content_sent_ = false;
    if (below(3) == 0) cut();
}

} // namespace maild::simulation
