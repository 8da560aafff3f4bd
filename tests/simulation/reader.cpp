#include "simulation/client.hpp"

#include <algorithm>
#include <charconv>

namespace maild::simulation {
namespace {

constexpr const char* kFiled = "Archive";

std::uint32_t number_at(std::string_view text) {
    std::uint32_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

// The n-th word behind `key`.
std::uint32_t number_behind(std::string_view line, std::string_view key, int n) {
    const auto at = line.find(key);
    if (at == line.npos) return 0;
    auto rest = line.substr(at + key.size());
    for (int i = 0; i < n; ++i) rest.remove_prefix(std::min(rest.find(' ') + 1, rest.size()));
    return number_at(rest);
}

} // namespace

UniqueFd Reader::connect() {
    task_ = Task::greeting;
    return host_.connect_imap(worker_);
}

// What a command would have said is unknown now.
void Reader::on_cut() {
    task_ = Task::none;
    is_selected_ = false;
    uids_.clear();
    exists_ = 0;
}

void Reader::begin(Task task, std::string_view command) {
    task_ = task;
    say("a" + std::to_string(++tag_) + " " + std::string(command) + "\r\n");
}

void Reader::ask_for_uids() {
    uids_.clear();
    begin(Task::uids, "UID FETCH 1:* (UID FLAGS)");
}

// Something of its own in the INBOX, if there is any.
void Reader::choose_place() {
    token_.clear();
    std::vector<Place> own;
    for (const auto& [place, token] : ledger_.places) {
        if (place.account == account() && place.mailbox == "INBOX" && place.validity == validity_)
            own.push_back(place);
    }
    if (own.empty()) return;
    place_ = own[below(own.size())];
    token_ = ledger_.places.at(place_);
}

void Reader::think() {
    if (task_ == Task::idle && (is_resting_ || below(8) == 0)) {
        say("DONE\r\n");
        task_ = Task::noop;
    }
    if (task_ != Task::none || is_resting_) return;
    const auto what = below(9);
    if (what < 3) {
        token_ = ledger_.make(below(3) == 0 ? below(20'000) : below(500));
        auto& mail = ledger_.mails[token_];
        mail.accounts.insert(account());
        mail.copies = 1;
        begin(Task::append, "APPEND INBOX (\\Seen) {" + std::to_string(mail.content.size()) +
                                "+}\r\n" + mail.content);
        return;
    }
    if (what == 3) return begin(Task::idle, "IDLE");
    if (what == 4) return ask_for_uids();
    choose_place();
    if (token_.empty()) return begin(Task::noop, "NOOP");
    auto& mail = ledger_.mails[token_];
    const auto uid = std::to_string(place_.uid);
    if (what == 5) {
        ++mail.copies;
        return begin(Task::copy, "UID COPY " + uid + " " + kFiled);
    }
    if (what == 6) {
        ledger_.forget(place_); // until the answer says where it went
        return begin(Task::move, "UID MOVE " + uid + " " + kFiled);
    }
    mail.may_go = true;
    is_marked_ = false;
    begin(Task::remove_flag, "UID STORE " + uid + " +FLAGS (\\Deleted)");
}

void Reader::on_line(std::string line) {
    if (task_ == Task::greeting) {
        if (!line.starts_with("* OK")) return cut();
        return begin(Task::login, "LOGIN " + std::string(kUsers[user_]) + " password");
    }
    if (line.starts_with("* BYE")) return cut();
    if (line.starts_with("* ")) return on_untagged(std::string_view(line).substr(2));
    const auto tag = "a" + std::to_string(tag_) + " ";
    if (line.starts_with(tag)) on_done(std::string_view(line).substr(tag.size()));
}

void Reader::on_untagged(std::string_view line) {
    if (line.starts_with("OK [UIDVALIDITY ")) validity_ = number_behind(line, "UIDVALIDITY ", 0);
    if (line.starts_with("OK [COPYUID ")) on_filed(line);
    const auto number = number_at(line);
    if (line.ends_with(" EXISTS")) {
        if (number < exists_ && is_selected_) complaint_ = "EXISTS went down";
        exists_ = number;
    } else if (line.ends_with(" EXPUNGE")) {
        if (number == 0 || number > exists_) complaint_ = "EXPUNGE beyond EXISTS";
        --exists_;
    } else if (line.contains(" FETCH (") && task_ == Task::remove_flag) {
        if (number_behind(line, "UID ", 0) == place_.uid && line.contains("\\Deleted"))
            is_marked_ = true;
    } else if (line.contains(" FETCH (") && task_ == Task::uids) {
        if (number > exists_) complaint_ = "FETCH beyond EXISTS";
        const auto uid = number_behind(line, "UID ", 0);
        if (uid != 0 && std::ranges::find(uids_, uid) == uids_.end()) uids_.push_back(uid);
    }
}

void Reader::on_done(std::string_view line) {
    const auto task = std::exchange(task_, Task::none);
    const bool is_ok = line.starts_with("OK");
    switch (task) {
    case Task::login: return is_ok ? begin(Task::select, "SELECT INBOX") : cut();
    case Task::select:
        if (!is_ok) return cut();
        is_selected_ = true;
        return;
    case Task::append: return is_ok ? on_appended(line) : void();
    case Task::copy:
    case Task::move: return is_ok && line.contains("[COPYUID ") ? on_filed(line) : void();
    case Task::remove_flag: return is_ok ? begin(Task::expunge, "EXPUNGE") : void();
    case Task::expunge:
        if (!is_ok || !is_marked_) return;
        ledger_.forget(place_);
        ledger_.gone.insert(place_);
        return;
    default: return;
    }
}

// RFC 4315 §3: these bytes have this UID, for ever.
void Reader::on_appended(std::string_view line) {
    const Place place{account(), "INBOX", number_behind(line, "APPENDUID ", 0),
                      number_behind(line, "APPENDUID ", 1)};
    if (place.uid == 0) complaint_ = "no APPENDUID";
    ledger_.places[place] = token_;
    ledger_.mails[token_].promised.insert(account());
}

void Reader::on_filed(std::string_view line) {
    if (number_behind(line, "COPYUID ", 1) != place_.uid) return; // it was gone already
    const Place place{account(), kFiled, number_behind(line, "COPYUID ", 0),
                      number_behind(line, "COPYUID ", 2)};
    ledger_.places[place] = token_;
}

} // namespace maild::simulation
